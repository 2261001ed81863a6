// A sheet of paper for one digit. It sends the ink to paper.py, and shows what comes back: the picture that the network
// sees, its ten probabilities and its answer. Nothing is loaded from anywhere.
const SIDE = 280, SMALL = 28, PEN = 18;

function make(tag, parent, style = {}, text = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  Object.assign(element.style, style);
  parent.append(element);
  return element;
}

function render({ model, el }) {
  const row = make("div", el, { display: "flex", gap: "24px", flexWrap: "wrap", alignItems: "flex-start" });
  const column = () => make("div", row, { display: "flex", flexDirection: "column", gap: "6px" });

  const left = column();
  make("span", left, {}, "Write one digit here:");
  const paper = make("canvas", left, { border: "1px solid #777777", background: "white", cursor: "crosshair" });
  [paper.width, paper.height] = [SIDE, SIDE];
  paper.style.touchAction = "none"; // else a finger would scroll the page
  paper.setAttribute("aria-label", "paper to draw a digit on, with the mouse or a finger");
  const clear = make("button", left, { width: "80px" }, "Clear");

  const middle = column();
  make("span", middle, {}, "The network sees:");
  const seen = make("canvas", middle, { width: "140px", height: "140px", imageRendering: "pixelated" });
  [seen.width, seen.height] = [SMALL, SMALL];

  const right = column();
  make("span", right, {}, "and reads:");
  const answer = make("span", right, { fontSize: "32px", lineHeight: "36px", height: "36px" });
  answer.setAttribute("aria-live", "polite");
  answer.className = "course-pen-answer";
  const bars = [...Array(10).keys()].map((digit) => {
    const small = { display: "flex", gap: "6px", height: "14px", fontSize: "12px", lineHeight: "14px" };
    const line = make("div", right, small);
    make("span", line, {}, String(digit));
    return make("div", line, { background: "#777777", width: "0px", height: "12px" });
  });

  const ink = paper.getContext("2d", { willReadFrequently: true });
  Object.assign(ink, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "black" });
  let last = null, waiting = false, again = false, blank = true;

  // One drawing at a time is on its way: a busy kernel gets the newest when it is done, not all that were.
  function send() {
    if (waiting) { again = true; return; }
    waiting = true;
    again = false;
    const pixels = ink.getImageData(0, 0, SIDE, SIDE).data;
    const sent = new Uint8Array(SIDE * SIDE);
    for (let i = 0; i < sent.length; i++) sent[i] = pixels[4 * i + 3];
    model.send({ side: SIDE }, undefined, [sent.buffer]);
  }

  function show(text, probabilities, picture) {
    answer.textContent = text;
    bars.forEach((bar, digit) => { bar.style.width = `${100 * (probabilities[digit] ?? 0)}px`; });
    const image = new ImageData(SMALL, SMALL);
    for (let i = 0; i < SMALL * SMALL; i++) {
      image.data.fill(picture[i] ?? 0, 4 * i, 4 * i + 3);
      image.data[4 * i + 3] = 255;
    }
    seen.getContext("2d").putImageData(image, 0, 0);
  }

  function place(event) {
    const frame = paper.getBoundingClientRect();
    return [(event.clientX - frame.left) * SIDE / frame.width, (event.clientY - frame.top) * SIDE / frame.height];
  }

  function draw(event) {
    if (last === null) return;
    const next = place(event);
    ink.beginPath();
    ink.moveTo(...last);
    ink.lineTo(next[0] + 0.01, next[1]); // a line of no length would not be drawn, where the pen only touches
    ink.stroke();
    last = next;
    blank = false;
    send();
  }

  paper.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    paper.setPointerCapture(event.pointerId);
    last = place(event);
    draw(event);
  });
  paper.addEventListener("pointermove", draw);
  for (const end of ["pointerup", "pointercancel"]) paper.addEventListener(end, () => { last = null; });
  clear.addEventListener("click", () => {
    ink.clearRect(0, 0, SIDE, SIDE);
    blank = true;
    show("", [], []);
  });

  function receive(content, buffers) {
    waiting = false;
    const { buffer, byteOffset } = buffers[0];
    const picture = new Uint8Array(buffer, byteOffset, SMALL * SMALL);
    if (!blank) show(content.answer, content.probabilities, picture);
    if (again && !blank) send();
  }
  show("", [], []);
  model.on("msg:custom", receive);
  return () => model.off("msg:custom", receive);
}

export default { render };
