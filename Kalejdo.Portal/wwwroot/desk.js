// Moves between the rows of the list of cases. The keys mean something only while the list has the focus (WCAG 2.1.4);
// Enter opens what is focused by itself. Without this file the list is gone through with Tab, and its keys are not told of.
const rows = () => [...document.querySelectorAll("#arenden-lista tbody tr")];

const keys = {
  j: (at) => go(at + 1),
  ArrowDown: (at) => go(at + 1),
  k: (at) => go(at - 1),
  ArrowUp: (at) => go(at - 1),
  "/": () => document.getElementById("nummer").focus(),
};

function go(row) {
  const all = rows();
  all[Math.max(0, Math.min(row, all.length - 1))]?.querySelector("a").focus();
}

// On the document: the rows are printed anew when somebody else changes something.
document.addEventListener("keydown", (pressed) => {
  const act = keys[pressed.key];
  if (!act || pressed.ctrlKey || pressed.altKey || pressed.metaKey || !pressed.target.closest("#arenden-lista")) {
    return;
  }
  pressed.preventDefault();
  // Before the first row where the list itself is focused.
  act(rows().findIndex((row) => row.contains(pressed.target)));
});

// For the sake of a fragment in the address the framework's script would load the page again.
document.querySelector("a[href$='#arenden-lista']").addEventListener("click", (pressed) => {
  const list = document.getElementById("arenden-lista");
  if (list) {
    pressed.preventDefault();
    list.focus();
  }
});
