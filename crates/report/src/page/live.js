// Keeps a page that is served up to date. The server says at `events` which version of the page there
// is and what is going on; where the version is another, the page is fetched and what is in <main>
// replaced, without losing the reader's place.
(() => {
  "use strict";

  const version = (page) =>
    page.querySelector('meta[name="autophage-version"]')?.content ?? "";
  let shown = version(document);
  let wanted = shown;
  let fetching = false;

  const line = document.createElement("p");
  line.id = "live";
  line.setAttribute("role", "status");
  document.body.prepend(line);
  const say = (text, state) => {
    line.textContent = text;
    line.dataset.state = state;
  };

  // The thing with a name that begins nearest to the top of the window, and where that is. One that
  // only reaches into the window would not do: it may grow above it; nor would what stays in the window.
  function place() {
    let nearest = null;
    for (const element of document.querySelectorAll("main [id]:not(nav *)")) {
      const box = element.getBoundingClientRect();
      if (box.height > 0 && Math.abs(box.top) < Math.abs(nearest?.top ?? Infinity)) {
        nearest = { id: element.id, top: box.top };
      }
    }
    return nearest;
  }

  function goBack(to) {
    const element = to && document.getElementById(to.id);
    if (element) {
      window.scrollBy({ top: element.getBoundingClientRect().top - to.top, behavior: "instant" });
    }
  }

  function show(next) {
    const old = document.querySelector("main");
    const fresh = document.importNode(next.querySelector("main"), true);
    for (const details of old.querySelectorAll("details[id]")) {
      const same = fresh.querySelector(`details[id="${CSS.escape(details.id)}"]`);
      if (same) same.open = details.open;
    }
    for (const box of old.querySelectorAll("input[id]:checked")) {
      const same = fresh.querySelector(`input[id="${CSS.escape(box.id)}"]`);
      if (same) same.checked = true;
    }
    const to = window.scrollY > 0 ? place() : null;
    old.replaceWith(fresh);
    document.title = next.title;
    // Whoever has set up what was in <main> does it again.
    document.dispatchEvent(new Event("autophage:update"));
    goBack(to);
  }

  async function update() {
    if (fetching) return;
    fetching = true;
    try {
      while (wanted !== shown) {
        const announced = wanted;
        const response = await fetch(location.pathname + location.search, { cache: "no-cache" });
        if (!response.ok) throw new Error(`status ${response.status}`);
        const next = new DOMParser().parseFromString(await response.text(), "text/html");
        show(next);
        shown = version(next);
        // What came may be newer than what was announced.
        if (wanted === announced) wanted = shown;
      }
    } catch (error) {
      say(`This page is not up to date (${error.message}).`, "lost");
      wanted = shown;
    } finally {
      fetching = false;
    }
  }

  let source = null;
  function listen() {
    source = new EventSource("events" + location.search);
    source.addEventListener("state", (event) => {
      const state = JSON.parse(event.data);
      say(state.status, "live");
      wanted = state.version;
      update();
    });
    source.addEventListener("error", (event) => {
      const ended = event.target.readyState === EventSource.CLOSED;
      say(ended ? "This is no longer served." : "The server does not answer.", "lost");
    });
  }

  // A browser opens a handful of connections to a server and no more: tabs that nobody sees let go.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      listen();
    }
  });
  if (!document.hidden) listen();

  // Figures as pictures, which only a server draws.
  function offerFiles() {
    for (const figure of document.querySelectorAll("main figure[data-figure]")) {
      const files = document.createElement("p");
      files.className = "files";
      for (const extension of ["svg", "png"]) {
        const link = document.createElement("a");
        link.download = `${figure.dataset.figure}.${extension}`;
        link.href = `figures/${link.download}${location.search}`;
        link.textContent = extension.toUpperCase();
        files.append(link, " ");
      }
      figure.append(files);
    }
  }
  offerFiles();
  document.addEventListener("autophage:update", offerFiles);
})();
