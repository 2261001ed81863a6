"""Rain nowcasting as `course.train_rain` does it: the plan of a run, films and forecasts, training.

Its modules are imported one by one: the plan comes without torch.
"""
