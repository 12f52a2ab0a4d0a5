"use strict";
(() => {
  const data = JSON.parse(document.getElementById("squares").textContent);
  const tip = document.getElementById("tip");
  const { left: LEFT, top: TOP, pitch: PITCH } = data;
  let shown = null;

  const hide = () => {
    tip.hidden = true;
    delete tip.dataset.pinned;
    if (shown) shown.querySelector(".here").setAttribute("d", "");
    shown = null;
  };
  const line = (text, tag = "div") => {
    const made = document.createElement(tag);
    made.textContent = text;  // never as HTML
    tip.append(made);
    return made;
  };
  const show = (svg, place, isPinned) => {
    const grid = data.grids[Number(svg.dataset.grid)], cell = grid.cells[place];
    hide();
    if (!cell) return;
    const [label, state, rows, time, partitions = 1, troubled = 0, note = ""] = cell;
    tip.replaceChildren();
    line(label, "b");
    line(data.states[state] + (partitions > 1 ? `: ${partitions - troubled} of ${partitions} partitions up to date` : ""));
    if (rows >= 0) line(`${rows.toLocaleString("en")} rows, published ${data.times[time]} UTC`);
    if (note) line(note);
    if (isPinned && partitions === 1) {
      const link = line("Open in Dagster", "a");
      link.href = `${svg.dataset.link}?view=partitions&partition=${encodeURIComponent(label)}`;
    }
    const column = Math.floor(place / grid.height), row = place % grid.height;
    svg.querySelector(".here").setAttribute("d", `M${LEFT + column * PITCH - 0.5} ${TOP + row * PITCH - 0.5}h10v10h-10z`);
    tip.hidden = false;
    if (isPinned) tip.dataset.pinned = "";
    const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
    const x = box.left + (LEFT + column * PITCH) * scale, y = box.top + (TOP + (row + 1) * PITCH) * scale;
    const room = document.documentElement.clientWidth;
    tip.style.left = `${Math.max(6, Math.min(x, room - tip.offsetWidth - 6)) + scrollX}px`;
    tip.style.top = `${y + 6 + scrollY}px`;
    shown = svg;
    svg.dataset.place = place;
  };
  const placeAt = (svg, event) => {
    const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
    const { height } = data.grids[Number(svg.dataset.grid)];
    const column = Math.floor(((event.clientX - box.left) / scale - LEFT) / PITCH);
    const row = Math.floor(((event.clientY - box.top) / scale - TOP) / PITCH);
    return column >= 0 && row >= 0 && row < height ? column * height + row : -1;
  };
  for (const svg of document.querySelectorAll("svg.squares")) {
    svg.addEventListener("pointermove", (event) => {
      if (!("pinned" in tip.dataset) && event.pointerType === "mouse") show(svg, placeAt(svg, event), false);
    });
    svg.addEventListener("pointerleave", () => { if (!("pinned" in tip.dataset)) hide(); });
    svg.addEventListener("click", (event) => { event.stopPropagation(); show(svg, placeAt(svg, event), true); });
    svg.addEventListener("keydown", (event) => {
      const { height, cells } = data.grids[Number(svg.dataset.grid)];
      const steps = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -height, ArrowRight: height };
      if (!(event.key in steps)) return;
      event.preventDefault();
      const from = Number(svg.dataset.place ?? cells.length - 1 - steps[event.key]);
      const to = from + steps[event.key];
      if (cells[to]) show(svg, to, true);
    });
  }
  tip.addEventListener("click", (event) => event.stopPropagation());
  document.addEventListener("click", hide);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
})();
