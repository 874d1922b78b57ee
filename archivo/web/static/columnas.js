/* The widths of a table's columns: changed by dragging the edge of a head, or on the head with Shift and the arrows; kept in this browser. */
(function () {
  "use strict";

  const LEAST = 48;
  const STEP = 16;
  const wide = window.matchMedia("(min-width: 40.01rem)");

  for (const table of document.querySelectorAll("table[data-columns]")) dress(table);

  function dress(table) {
    const name = "columnas:" + table.dataset.columns;
    const heads = Array.from(table.querySelectorAll("thead th"));
    let widths = kept(name, heads.length);

    function show() {
      const fixed = widths && wide.matches;
      table.classList.toggle("sized", Boolean(fixed));
      table.style.width = fixed ? widths.reduce((sum, width) => sum + width, 0) + "px" : "";
      heads.forEach((head, index) => (head.style.width = fixed ? widths[index] + "px" : ""));
    }

    function set(index, width) {
      widths = widths || heads.map((head) => Math.round(head.getBoundingClientRect().width));
      widths[index] = Math.max(LEAST, Math.round(width));
      show();
    }

    function keep() {
      try {
        if (widths) localStorage.setItem(name, JSON.stringify(widths));
        else localStorage.removeItem(name);
      } catch {
        /* A browser that keeps nothing shows them until the page is left. */
      }
    }

    function forget() {
      widths = null;
      show();
      keep();
    }

    heads.forEach((head, index) => {
      const edge = document.createElement("span");
      edge.className = "edge";
      edge.setAttribute("aria-hidden", "true");
      head.append(edge);
      let from = null;
      edge.addEventListener("pointerdown", (event) => {
        from = event.clientX - head.getBoundingClientRect().width;
        edge.setPointerCapture(event.pointerId);
        event.preventDefault();
      });
      edge.addEventListener("pointermove", (event) => from !== null && set(index, event.clientX - from));
      for (const end of ["pointerup", "pointercancel"])
        edge.addEventListener(end, () => {
          if (from !== null) keep();
          from = null;
        });
      edge.addEventListener("dblclick", forget);
      head.addEventListener("keydown", (event) => {
        if (!event.shiftKey || !wide.matches) return;
        if (event.key === "Home") forget();
        else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
          set(index, head.getBoundingClientRect().width + (event.key === "ArrowLeft" ? -STEP : STEP));
          keep();
        } else return;
        event.preventDefault();
      });
    });
    wide.addEventListener("change", show);
    show();
  }

  /* What is kept, unless it is of a table with other columns. */
  function kept(name, number) {
    try {
      const found = JSON.parse(localStorage.getItem(name));
      return Array.isArray(found) && found.length === number && found.every((width) => width > 0) ? found : null;
    } catch {
      return null;
    }
  }
})();
