// Makes the page answer: values under the pointer, series to hide and show, logarithmic axes,
// alternatives to choose between, texts to read, light and dark. Without it the page still shows every
// first alternative. What the reader chose is kept by name, so that it survives when a server replaces
// <main>.
(() => {
  "use strict";

  const chosen = {
    series: new Map(), // figure and label of the series: whether it is shown
    scale: new Map(), // figure: whether its axis was turned over
    alternative: new Map(), // group: name of what is shown
    reader: { run: 0, generation: null, text: 0 },
  };
  let data = { figures: {}, texts: [] };

  // ── light and dark ─────────────────────────────────────────────────────────────────────────────

  const THEMES = ["auto", "light", "dark"];
  let theme = "auto";

  function remembered() {
    const asked = /theme=(light|dark)/.exec(location.hash);
    if (asked) return asked[1];
    try {
      return localStorage.getItem("autophage-theme") ?? "auto";
    } catch {
      return "auto";
    }
  }

  function setTheme(wanted) {
    theme = THEMES.includes(wanted) ? wanted : "auto";
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const button = document.getElementById("theme");
    if (button) button.textContent = `Theme: ${theme}`;
  }

  function nextTheme() {
    setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
    try {
      localStorage.setItem("autophage-theme", theme);
    } catch {
      // A page opened from a file may have no storage; the choice then ends with the page.
    }
  }

  // ── numbers ────────────────────────────────────────────────────────────────────────────────────

  function number(value) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size < 1e-4 || size >= 1e7) return value.toExponential(2).replace("-", "−");
    if (Number.isInteger(value)) return value.toLocaleString("en-US");
    return Number(value.toPrecision(4)).toLocaleString("en-US", { maximumFractionDigits: 8 });
  }

  // ── figures ────────────────────────────────────────────────────────────────────────────────────

  const drawing = (figure) => figure.querySelector("svg:not([hidden])");

  function setUpFigure(figure) {
    const name = figure.dataset.figure;
    const values = data.figures[name];
    if (!values) return;

    const isShown = (label) => chosen.series.get(`${name}\n${label}`) ?? true;
    const applySeries = () => {
      for (const button of figure.querySelectorAll(".legend button")) {
        const shown = isShown(button.dataset.label);
        button.setAttribute("aria-pressed", shown);
        for (const group of figure.querySelectorAll(
          `g[data-series="${button.dataset.series}"]`,
        )) {
          group.style.display = shown ? "" : "none";
        }
      }
    };
    for (const button of figure.querySelectorAll(".legend button")) {
      button.addEventListener("click", () => {
        const label = button.dataset.label;
        chosen.series.set(`${name}\n${label}`, !isShown(label));
        applySeries();
      });
    }
    applySeries();

    const log = figure.querySelector("[data-log]");
    const turnOver = () => {
      for (const svg of figure.querySelectorAll("svg")) svg.toggleAttribute("hidden");
      const logarithmic = drawing(figure).dataset.scale === "logarithmic";
      log.setAttribute("aria-pressed", logarithmic);
    };
    if (log) {
      log.addEventListener("click", () => {
        chosen.scale.set(name, !chosen.scale.get(name));
        hideTip();
        turnOver();
      });
      if (chosen.scale.get(name)) turnOver();
    }

    figure.querySelector("[data-csv]")?.addEventListener("click", () => save(name, values));

    // Values under the pointer, or under a cursor moved by the arrow keys.
    const plot = figure.querySelector(".plot");
    const tip = figure.querySelector(".tip");
    const places = [
      ...new Set(values.series.flatMap((series) => series.points.map((point) => point[0]))),
    ].sort((a, b) => a - b);
    let cursor = null;
    let at = -1;

    function hideTip() {
      tip.hidden = true;
      cursor?.remove();
      cursor = null;
      at = -1;
    }

    function showTip(index) {
      const svg = drawing(figure);
      const box = axes(svg);
      const x = places[index];
      const rows = values.series.flatMap((series) => {
        if (!isShown(series.label)) return [];
        const point = valueAt(series, x, values.x.whole);
        return point ? [{ label: series.label, point }] : [];
      });
      if (rows.length === 0) {
        hideTip();
        return;
      }
      at = index;
      cursor?.remove();
      cursor = document.createElementNS("http://www.w3.org/2000/svg", "path");
      cursor.setAttribute("class", "cursor");
      const left = box.toX(x);
      cursor.setAttribute("d", `M${left} ${box.top}V${box.bottom}`);
      svg.append(cursor);

      tip.replaceChildren();
      const head = document.createElement("b");
      head.textContent = `${values.x.label} ${number(x)}`;
      tip.append(head);
      for (const { label, point } of rows) {
        const row = document.createElement("span");
        const index = values.series.findIndex((series) => series.label === label);
        const key = figure.querySelector(`.legend button[data-series="${index}"] .key`);
        if (key) row.append(key.cloneNode());
        if (values.series.length > 1) row.append(`${label} `);
        const value = document.createElement("span");
        value.className = "value";
        value.textContent = number(point[1]);
        row.append(value);
        if (point.length > 2 && point[2] !== point[3]) {
          row.append(` [${number(point[2])}, ${number(point[3])}]`);
        }
        tip.append(row);
      }
      for (const reference of values.references) {
        const row = document.createElement("span");
        row.textContent = `${reference.label} ${number(reference.y)}`;
        tip.append(row);
      }
      tip.hidden = false;
      const width = svg.getBoundingClientRect().width;
      const unit = width / svg.viewBox.baseVal.width;
      const room = width - tip.offsetWidth;
      const beside = left * unit + 12;
      tip.style.left = `${Math.max(0, beside > room ? left * unit - 12 - tip.offsetWidth : beside)}px`;
      tip.style.top = `${box.top * unit + 4}px`;
    }

    plot.addEventListener("pointermove", (event) => {
      const svg = drawing(figure);
      const frame = svg.getBoundingClientRect();
      const box = axes(svg);
      const x = ((event.clientX - frame.left) / frame.width) * svg.viewBox.baseVal.width;
      if (x < box.left - 100 || x > box.right + 100) {
        hideTip();
        return;
      }
      let nearest = 0;
      for (let index = 1; index < places.length; index += 1) {
        const distance = (place) => Math.abs(box.toX(places[place]) - x);
        if (distance(index) < distance(nearest)) nearest = index;
      }
      if (places.length > 0) showTip(nearest);
    });
    plot.addEventListener("pointerleave", hideTip);
    plot.addEventListener("blur", hideTip);
    plot.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") hideTip();
      if (!step || places.length === 0) return;
      event.preventDefault();
      showTip(Math.min(places.length - 1, Math.max(0, at + step)));
    });
  }

  // The place of the axes in a drawing, and where a value is in it.
  function axes(svg) {
    const [left, top, right, bottom] = svg.dataset.plot.split(" ").map(Number);
    const [low, high, scale] = svg.dataset.x.split(" ");
    const place =
      scale === "logarithmic"
        ? (value) => Math.log(value / low) / Math.log(high / low)
        : (value) => (value - low) / (high - low);
    return { left, top, right, bottom, toX: (value) => left + place(value) * (right - left) };
  }

  // What a series has at a place: its point there, or for lines of many points and histograms the last
  // one before.
  function valueAt(series, x, whole) {
    if (whole) return series.points.find((point) => point[0] === x);
    let found = null;
    for (const point of series.points) {
      if (point[0] <= x) found = point;
    }
    const last = series.points.at(-1);
    return last && x <= last[0] ? found : null;
  }

  function save(name, values) {
    const field = (text) =>
      /[",\n\r]/.test(text) ? `"${String(text).replaceAll('"', '""')}"` : text;
    const lines = [["series", values.x.column, values.y.column, "low", "high"]];
    for (const series of values.series) {
      for (const [x, y, low = "", high = ""] of series.points) {
        lines.push([series.label, x, y, low, high]);
      }
    }
    for (const reference of values.references) lines.push([reference.label, "", reference.y, "", ""]);
    const text = lines.map((line) => `${line.map(field).join(",")}\n`).join("");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = `${name}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  // ── alternatives ───────────────────────────────────────────────────────────────────────────────

  function setUpChoice(select) {
    const group = select.closest("[data-group]");
    const show = () => {
      for (const figure of group.querySelectorAll("figure, .alternative")) {
        const name = figure.dataset.figure ?? figure.id;
        figure.toggleAttribute("hidden", name !== select.value);
      }
    };
    const kept = chosen.alternative.get(select.dataset.choice);
    if ([...select.options].some((option) => option.value === kept)) select.value = kept;
    select.addEventListener("change", () => {
      chosen.alternative.set(select.dataset.choice, select.value);
      show();
    });
    show();
  }

  // ── texts ──────────────────────────────────────────────────────────────────────────────────────

  function setUpReader() {
    const reader = document.getElementById("reader");
    if (!reader || data.texts.every((run) => run.length === 0)) return;
    const at = (name) => document.getElementById(`reader-${name}`);
    const state = chosen.reader;
    const show = () => {
      const run = data.texts[state.run] ?? [];
      const slider = at("generation");
      slider.max = Math.max(1, run.length);
      // Of a run that goes on, the latest generation is shown until the reader chooses one.
      const place = Math.min(state.generation ?? run.length, run.length);
      slider.value = Math.max(1, place);
      const { generation, texts } = run[place - 1] ?? { generation: 0, texts: [] };
      state.text = Math.min(state.text, Math.max(0, texts.length - 1));
      at("number").textContent = generation;
      at("text").textContent = texts[state.text] ?? "";
      at("place").textContent = texts.length ? `text ${state.text + 1} of ${texts.length}` : "";
      at("before").disabled = state.text === 0;
      at("next").disabled = state.text + 1 >= texts.length;
    };
    at("run")?.addEventListener("change", (event) => {
      state.run = Number(event.target.value);
      show();
    });
    if (at("run")) at("run").value = state.run;
    at("generation").addEventListener("input", (event) => {
      state.generation = Number(event.target.value);
      show();
    });
    for (const [name, step] of [
      ["before", -1],
      ["next", 1],
    ]) {
      at(name).addEventListener("click", () => {
        state.text += step;
        show();
      });
    }
    reader.hidden = false;
    show();
  }

  // ── everything ─────────────────────────────────────────────────────────────────────────────────

  function setUp() {
    const block = document.getElementById("data");
    data = block ? JSON.parse(block.textContent) : { figures: {}, texts: [] };
    setTheme(theme);
    document.getElementById("theme")?.addEventListener("click", nextTheme);
    document.querySelectorAll("figure[data-figure]").forEach(setUpFigure);
    document.querySelectorAll("select[data-choice]").forEach(setUpChoice);
    setUpReader();
  }

  setTheme(remembered());
  setUp();
  document.addEventListener("autophage:update", setUp);
})();
