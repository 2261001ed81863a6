"""What keeps the course true, for instructors and CI: its modules are imported one by one."""
