// Groups of which one is chosen: Tab reaches that one, and arrows go through them, as with radio buttons.

export function roving(group) {
  const checked = group.querySelector("[aria-checked=true]") ?? group.firstElementChild;
  for (const button of group.children) button.tabIndex = button === checked ? 0 : -1;
}

export function step(button, way) {
  const all = [...button.parentElement.children];
  const next = all[(all.indexOf(button) + way + all.length) % all.length];
  next.click();
  roving(next.parentElement);
  next.focus();
}
