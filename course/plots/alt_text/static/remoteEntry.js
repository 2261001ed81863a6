// JupyterLab draws a PNG without alt text, whatever the metadata of the output say. This gives it theirs.
// It has the form in which JupyterLab loads an extension that is already built, and needs no build of its own:
// https://jupyterlab.readthedocs.io/en/stable/extension/extension_dev.html, "Prebuilt extensions".
(window._JUPYTERLAB = window._JUPYTERLAB || {})["course-alt-text"] = (() => {
  const MIME = "image/png";
  let shared = {}; // JupyterLab's own modules: by name, by version

  async function module(name) {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  }

  // As JupyterLab's own renderer, which `usual` makes; then it writes the alt text.
  function renderer(usual, options) {
    const widget = usual.createRenderer(options);
    const render = widget.renderModel.bind(widget);
    widget.renderModel = async model => {
      await render(model);
      const alt = (model.metadata[MIME] || {}).alt;
      const image = widget.node.querySelector("img");
      if (image && typeof alt === "string") {
        image.alt = alt;
      }
    };
    return widget;
  }

  async function plugin() {
    const { IRenderMimeRegistry } = await module("@jupyterlab/rendermime");
    return {
      id: "course-alt-text:plugin",
      description: "Gives a picture in a notebook the alt text that its metadata hold.",
      autoStart: true,
      requires: [IRenderMimeRegistry],
      activate: (app, registry) => {
        const usual = registry.getFactory(MIME);
        const rank = registry.getRank(MIME); // as before: what else an output holds comes before or after it as ever
        const createRenderer = options => renderer(usual, options);
        registry.addFactory({ safe: true, mimeTypes: [MIME], createRenderer }, rank);
      },
    };
  }

  return {
    init: scope => {
      shared = scope;
    },
    get: async () => {
      const made = { __esModule: true, default: await plugin() };
      return () => made;
    },
  };
})();
