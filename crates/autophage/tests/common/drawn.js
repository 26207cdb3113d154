// What is drawn in every figure of the page, read back from the places of the marks: for each figure its
// series with label, mark and values. Nothing of the page's own data is looked at.
(() => {
  const numbers = (text) => text.trim().split(/\s+/).map(Number);

  // The places that the data of a path goes through.
  function places(data) {
    const found = [];
    let x = 0;
    let y = 0;
    for (const [, command, rest] of data.matchAll(/([MLHVlhvz])([^MLHVlhvz]*)/g)) {
      const [a, b] = (rest.match(/-?[\d.]+/g) ?? []).map(Number);
      if (command === "M" || command === "L") [x, y] = [a, b];
      else if (command === "H") x = a;
      else if (command === "V") y = a;
      else if (command === "h") x += a;
      else if (command === "v") y += a;
      else if (command === "l") [x, y] = [x + a, y + b];
      else continue;
      found.push([x, y]);
    }
    return found;
  }

  function axis(text, from, to) {
    const [low, high, scale] = text.split(" ");
    const log = scale === "logarithmic";
    const [a, b] = [Number(low), Number(high)].map((v) => (log ? Math.log(v) : v));
    return (place) => {
      const value = a + ((place - from) / (to - from)) * (b - a);
      return log ? Math.exp(value) : value;
    };
  }

  function drawn(figure) {
    const svg = figure.querySelector("svg:not([hidden])");
    const [left, top, right, bottom] = numbers(svg.dataset.plot);
    const x = axis(svg.dataset.x, left, right);
    const y = axis(svg.dataset.y, bottom, top);
    const value = ([px, py]) => [x(px), y(py)];
    const labels = [...figure.querySelectorAll("button[data-series]")].map((b) => b.dataset.label);
    const groups = [...svg.querySelectorAll("g[data-series]")];
    const series = groups.map((group) => {
      const paths = (kind) => [...group.querySelectorAll(`path.${kind}`)].map((p) => p.getAttribute("d"));
      const dots = paths("dots").flatMap((data) => places(data).filter((_, i) => i % 2 === 0));
      const bars = paths("fill").map(places).map((corners) => {
        const xs = corners.map(([px]) => px);
        const ys = corners.map(([, py]) => py);
        return [
          x((Math.min(...xs) + Math.max(...xs)) / 2),
          y(Math.min(...ys)) - y(Math.max(...ys)),
        ];
      });
      return {
        index: Number(group.dataset.series),
        label: labels[Number(group.dataset.series)] ?? null,
        dots: dots.map(value),
        bars,
        lines: paths("line").map((data) => places(data).map(value)),
        dashed: group.classList.contains("dashed"),
        seen: group.getBoundingClientRect().width > 0 || group.getBoundingClientRect().height > 0,
      };
    });
    const span = (from, to, read) => Math.abs(read(to) - read(from));
    return {
      hidden: figure.hidden,
      scale: svg.dataset.scale,
      // What a fiftieth of the height is worth; on a logarithmic axis, as a quotient.
      resolution: svg.dataset.scale === "logarithmic"
        ? Math.abs(Math.log(y(top) / y(bottom))) / 50
        : span(bottom, top, y) / 50,
      series,
    };
  }

  const figures = [...document.querySelectorAll("figure[data-figure]")];
  return Object.fromEntries(figures.map((figure) => [figure.dataset.figure, drawn(figure)]));
})()
