// Draws one list as a table. Everything that people typed arrives as data and is set as text, never as HTML.
const chosenIn = new WeakMap(); // the ids that are ticked, of each table on the page
const drawnIn = new WeakMap(); // what each table shows, so that a run of the page that changes nothing draws nothing

export default function ({ data, parentElement, setTriggerValue }) {
  const text = JSON.stringify(data);
  if (drawnIn.get(parentElement) === text) return;
  drawnIn.set(parentElement, text);
  const root = parentElement.querySelector(".list");
  const ids = new Set(data.rows.map((row) => row.id));
  const chosen = new Set([...(chosenIn.get(parentElement) ?? [])].filter((id) => ids.has(id)));
  chosenIn.set(parentElement, chosen);
  const focused = parentElement.activeElement?.dataset.focus;
  const menuOpen = root.querySelector("details")?.open;
  const bar = element("div", "bar");
  const wide = data.choice && !data.choice.usual;
  const table = element("table", `${data.actions.length ? "choosable" : ""}${wide ? " every" : ""}`, {
    role: "table",
    "aria-label": data.title,
  });
  table.append(columns(data), head(data, setTriggerValue), body(data));
  root.replaceChildren(bar, wide ? scroller(table, data) : table);
  listen(table, data, setTriggerValue);
  if (data.actions.length) choosing({ root, bar, table, data, chosen, setTriggerValue });
  else bar.append(element("span", "count", {}, data.count));
  if (data.choice) bar.append(menu(data.choice, menuOpen, setTriggerValue));
  if (focused) [...root.querySelectorAll("[data-focus]")].find((each) => each.dataset.focus === focused)?.focus();
}

function element(tag, className = "", attributes = {}, text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}

// --- the parts of the table ----------------------------------------------------------------------------------------

function columns(data) {
  const group = element("colgroup");
  if (data.actions.length) group.append(element("col", "tick"));
  for (const column of data.columns) {
    const col = element("col", column.room);
    if (column.width) col.style.width = `${column.width}px`;
    group.append(col);
  }
  return group;
}

function head(data, send) {
  const row = element("tr", "", { role: "row" });
  if (data.actions.length) {
    const cell = element("th", "tick", { scope: "col", role: "columnheader" });
    cell.append(tick("Select all on this page", "all"));
    row.append(cell);
  }
  for (const column of data.columns) {
    const names = Object.keys(column.sorts);
    const classes = `${column.kind} ${column.room}${names.length ? " sortable" : ""}`;
    const cell = element("th", classes, { scope: "col", role: "columnheader" });
    if (names.length) {
      const now = names.indexOf(data.sorted);
      cell.setAttribute("aria-sort", now < 0 ? "none" : column.sorts[names[now]]);
      const button = element("button", "", { type: "button", "data-focus": `sort ${column.title}` }, column.title);
      const next = names[(now + 1) % names.length];
      button.onclick = () => next !== data.sorted && send("sort", next);
      cell.append(button);
    } else cell.textContent = column.title;
    row.append(cell);
  }
  const made = element("thead", data.columns.some((column) => Object.keys(column.sorts).length) ? "sorts" : "", {
    role: "rowgroup",
  });
  made.append(row);
  return made;
}

function body(data) {
  const made = element("tbody", "", { role: "rowgroup" });
  for (const row of data.rows) {
    const line = element("tr", row.href || data.picks ? "opens" : "", { role: "row", "data-id": row.id });
    if (data.actions.length) {
      const cell = element("td", "tick", { role: "cell" });
      cell.append(tick(`Select ${row.cells[0].text}`, row.id));
      line.append(cell);
    }
    data.columns.forEach((column, place) => line.append(drawn(row, column, row.cells[place], data.picks)));
    made.append(line);
  }
  return made;
}

function drawn(row, column, cell, picks) {
  const made = element("td", `${column.kind} ${column.room}`, { role: "cell" });
  if (!cell.text && !cell.note && !cell.badges?.length) made.classList.add("empty");
  if (column.labelled) made.dataset.title = column.title;
  const full = [cell.text, cell.note, ...(cell.badges ?? []).map((badge) => badge.text)].filter(Boolean).join(" ");
  if (full) made.title = full;
  const main = column.kind === "main";
  if (main && row.href) {
    made.append(element("a", "", { href: row.href, "data-focus": row.id }, cell.text));
  } else if (main && picks) {
    made.append(element("button", "", { type: "button", "data-focus": row.id }, cell.text));
  } else if (cell.text) made.append(element("span", cell.quiet ? "quiet" : "", {}, cell.text));
  for (const badge of cell.badges ?? []) {
    made.append(" ", element("span", `badge ${badge.color}`, badge.icon ? { "data-icon": badge.icon } : {}, badge.text));
  }
  if (cell.note) made.append(" ", element("span", "note", {}, cell.note));
  return made;
}

// Columns that somebody chose are all shown, as wide as they need to be: what does not fit is scrolled to.
const SHARED = 150; // pixels of a column without a width

function scroller(table, data) {
  const width = data.columns.reduce((sum, column) => sum + (column.width || SHARED), data.actions.length ? 36 : 0);
  table.style.setProperty("--width", `${width}px`);
  const made = element("div", "scroller", { role: "region", "aria-label": data.title, tabindex: "0" });
  made.append(table);
  return made;
}

function menu(choice, open, send) {
  const made = element("details", "menu");
  made.open = Boolean(open);
  const summary = element("summary", "", { "data-icon": "view_column", "data-focus": "columns" }, "Columns");
  const list = element("div", "", { role: "group", "aria-label": "Columns", tabindex: "-1" });
  const boxes = choice.offered.map(({ name, title }) => {
    const label = element("label");
    const box = element("input", "", { type: "checkbox", "data-focus": `column ${name}` });
    box.checked = choice.shown.includes(name);
    box.onchange = () => send("columns", choice.offered.filter((_, at) => boxes[at].checked).map((each) => each.name));
    label.append(box, element("span", "", {}, title));
    list.append(label);
    return box;
  });
  if (!choice.usual) {
    const back = element("button", "", { type: "button", "data-focus": "usual columns" }, "Usual columns");
    back.onclick = () => send("columns", "usual");
    list.append(back);
  }
  made.append(summary, list);
  made.onkeydown = (event) => {
    if (event.key !== "Escape" || !made.open) return;
    made.open = false;
    summary.focus();
  };
  made.onfocusout = (event) => {
    if (made.isConnected && !made.contains(event.relatedTarget)) made.open = false;
  };
  return made;
}

function tick(label, name) {
  return element("input", "", { type: "checkbox", "aria-label": label, "data-tick": name, "data-focus": `tick ${name}` });
}

// --- what people do -------------------------------------------------------------------------------------------------

// The whole row opens. Its link stays a real one: other keys and buttons, and what is copied, are the browser's own.
function listen(table, data, send) {
  const within = (event) => {
    const line = event.target.closest("tbody tr.opens");
    return line && !event.target.closest("td.tick") ? line : null;
  };
  const link = (line) => line.querySelector("a[href]");
  table.onclick = (event) => {
    const line = within(event);
    const otherwise = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!line || (otherwise && event.target.closest("a"))) return;
    if (String(table.getRootNode().getSelection?.() ?? "") || String(document.getSelection() ?? "")) return;
    if (otherwise && link(line)) {
      window.open(link(line).href, "_blank", "noopener");
      return;
    }
    event.preventDefault();
    if (link(line)) go(link(line).href);
    else send("pick", line.dataset.id);
  };
  table.onauxclick = (event) => {
    const line = within(event);
    if (event.button !== 1 || !line || !link(line) || event.target.closest("a")) return;
    window.open(link(line).href, "_blank", "noopener");
  };
  table.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const lines = [...table.querySelectorAll("tbody tr")];
    const place = lines.indexOf(event.target.closest("tbody tr"));
    if (!step || place < 0) return;
    const kind = event.target.dataset.tick ? "td.tick input" : "td.main :is(a, button)";
    lines[place + step]?.querySelector(kind)?.focus();
    event.preventDefault();
  };
}

// Streamlit shows the page of an address that the history leads to, in the same session and without loading anew.
// Its own way from Python, st.switch_page, leaves an address behind that Back would stop at.
function go(address) {
  history.pushState({}, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

function choosing({ root, bar, table, data, chosen, setTriggerValue }) {
  const all = table.querySelector("[data-tick=all]");
  const boxes = [...table.querySelectorAll("tbody [data-tick]")];
  const count = element("span", "count", { role: "status" });
  const buttons = data.actions.map((action) => {
    const made = element("button", "", { type: "button", "data-focus": `act ${action.name}` }, action.title);
    if (action.icon) made.dataset.icon = action.icon;
    made.onclick = () => setTriggerValue("act", { name: action.name, ids: [...chosen] });
    return made;
  });
  bar.append(count, ...buttons);
  const show = () => {
    for (const box of boxes) {
      box.checked = chosen.has(box.dataset.tick);
      box.closest("tr").classList.toggle("chosen", box.checked);
    }
    all.checked = boxes.length > 0 && chosen.size === boxes.length;
    all.indeterminate = chosen.size > 0 && !all.checked;
    count.textContent = chosen.size ? `${chosen.size} selected` : data.count;
    root.classList.toggle("choosing", chosen.size > 0);
    for (const button of buttons) button.hidden = chosen.size === 0;
  };
  let last = -1;
  boxes.forEach((box, place) => {
    box.onclick = (event) => {
      // With Shift all rows from the last one that was ticked follow.
      const from = event.shiftKey && last >= 0 ? Math.min(last, place) : place;
      const to = event.shiftKey && last >= 0 ? Math.max(last, place) : place;
      for (const each of boxes.slice(from, to + 1)) chosen[box.checked ? "add" : "delete"](each.dataset.tick);
      last = place;
      show();
    };
  });
  all.onclick = () => {
    for (const box of boxes) chosen[all.checked ? "add" : "delete"](box.dataset.tick);
    show();
  };
  show();
}
