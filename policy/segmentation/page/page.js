"use strict";
(() => {
  const find = id => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, text, className) => {
    const e = document.createElement(tag);
    e.textContent = text ?? "";
    if (className) e.className = className;
    return e;
  };

  // A click on a cell or a path shows its sheet. The data is read when it is needed first.
  let data;
  const path = hops => {
    const list = make("ol", "", "path");
    for (const number of hops) {
      const hop = data.hops[number];
      const item = make("li", "", hop.passes ? "passes" : "stops");
      item.append(make("b", hop.passes ? "passes: " : "STOPS: "), hop.says);
      item.append(make("small", (hop.code ? hop.code + " at " : "at ") + hop.at));
      list.append(item);
    }
    return list;
  };
  const show = number => {
    data ??= JSON.parse(find("sheets").textContent);
    const sheet = data.sheets[number];
    find("sheet-title").textContent = sheet.title;
    const facts = make("dl");
    for (const [name, text] of sheet.facts ?? []) facts.append(make("dt", name), make("dd", text));
    const body = find("sheet-body");
    body.replaceChildren(facts);
    for (const why of sheet.why) {
      const title = make("h3");
      title.append(make("b", why.symbol + " "), why.words);
      body.append(title, make("p", why.what));
      if (why.packet) body.append(make("p", "Packet: " + why.packet));
      if (why.hops) body.append(path(why.hops));
    }
    find("sheet").showModal();
  };
  document.addEventListener("click", event => {
    const button = event.target.closest("button[data-sheet]");
    if (button) show(button.dataset.sheet);
    else if (event.target === find("sheet")) find("sheet").close();
  });

  // The matrix is one stop of the tab key; arrows move inside it.
  const matrix = find("matrix");
  const at = cell => cell?.querySelector("button");
  const enter = button => {
    matrix.querySelector("button[tabindex='0']")?.setAttribute("tabindex", "-1");
    button?.setAttribute("tabindex", "0");
  };
  enter(matrix.querySelector("button"));
  matrix.addEventListener("focusin", event => enter(event.target.closest("button")));
  const step = (cell, key) => {
    const rows = matrix.tBodies[0].rows;
    const row = cell.parentNode, last = row.cells.length - 1;
    let [y, x] = [row.sectionRowIndex, cell.cellIndex];
    const [dy, dx] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, 1], End: [0, -1] }[key];
    if (key === "Home") x = 0;
    if (key === "End") x = last + 1;
    do { y += dy; x += dx; } while (rows[y]?.cells[x] && !at(rows[y].cells[x]));
    return x > 0 ? at(rows[y]?.cells[x]) : null;
  };
  matrix.addEventListener("keydown", event => {
    if (!/^(Arrow(Up|Down|Left|Right)|Home|End)$/.test(event.key)) return;
    event.preventDefault();
    step(event.target.closest("td"), event.key)?.focus();
  });

  // Lines join the boxes of segments where the browser has put them.
  const picture = document.querySelector(".picture"), svg = picture.querySelector("svg");
  const boxes = new Map();
  for (const button of all("[data-segment]", picture)) {
    if (!boxes.has(button.dataset.segment)) boxes.set(button.dataset.segment, button.parentNode);
  }
  const rows = all("#connections tbody tr");
  const crowd = 150; // more lines than these are drawn for one segment at a time
  let pressed = "";
  const shown = row => !pressed || row.dataset.from === pressed || row.dataset.to === pressed;
  const shape = (name, attributes, className) => {
    const e = document.createElementNS(svg.namespaceURI, name);
    for (const key in attributes) e.setAttribute(key, attributes[key]);
    e.setAttribute("class", className);
    return e;
  };
  const line = (a, b, bad, i) => {
    const origin = picture.getBoundingClientRect();
    const spread = r => r.left - origin.left + r.width * (.15 + .7 * ((i * .382) % 1));
    const down = b.top >= a.bottom, up = b.bottom <= a.top;
    const x1 = spread(a), x2 = spread(b);
    const y1 = (up ? a.top : a.bottom) - origin.top, y2 = (down ? b.top : b.bottom) - origin.top;
    const bend = down || up ? (y2 - y1) / 2 : 40;
    const ends = down || up ? [y1 + bend, y2 - bend] : [y1 + bend, y2 + bend];
    const tip = down ? -8 : 8;
    const mark = bad ? " bad" : "";
    return [
      shape("path", { d: `M${x1},${y1} C${x1},${ends[0]} ${x2},${ends[1]} ${x2},${y2 + tip}` }, "flow" + mark),
      shape("path", { d: `M${x2},${y2} l-4,${tip} h8 z` }, "tip" + mark),
    ];
  };
  const draw = () => {
    const flows = rows.filter(row => "flow" in row.dataset && row.dataset.from !== row.dataset.to && shown(row));
    const lines = [];
    if (pressed || flows.length <= crowd) {
      flows.forEach((row, i) => {
        const a = boxes.get(row.dataset.from), b = boxes.get(row.dataset.to);
        if (a && b) lines.push(...line(a.getBoundingClientRect(), b.getBoundingClientRect(), /violation|blocked|empty|unknown/.test(row.className), i));
      });
    }
    svg.replaceChildren(...lines);
  };
  picture.addEventListener("click", event => {
    const button = event.target.closest("[data-segment]");
    if (!button) return;
    pressed = pressed === button.dataset.segment ? "" : button.dataset.segment;
    for (const b of all("[data-segment]", picture)) b.setAttribute("aria-pressed", String(b.dataset.segment === pressed));
    let count = 0;
    for (const row of rows) {
      row.hidden = !shown(row);
      if (!row.hidden) count++;
    }
    find("shown").textContent = pressed ? `Only those of ${pressed}: ${count} of ${rows.length}.` : `All ${rows.length}.`;
    draw();
  });
  draw();
  new ResizeObserver(draw).observe(picture);
})();
