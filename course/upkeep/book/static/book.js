// A button below each film that stops it, and lets it play again.
document.addEventListener("DOMContentLoaded", () => {
  for (const film of document.querySelectorAll(".course-film")) {
    const image = film.querySelector("img");
    const source = film.querySelector("source");
    const moving = image.getAttribute("src");
    const still = source.getAttribute("srcset");
    const button = document.createElement("button");
    button.type = "button";
    let plays = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const draw = () => {
      button.textContent = plays ? "Stop the film" : "Play the film";
      image.src = plays ? moving : still;
    };
    button.addEventListener("click", () => {
      source.remove(); // from now on the button decides
      plays = !plays;
      draw();
    });
    draw();
    film.append(button);
  }
});
