// What a picture shows, read back through its own scales: for each kind of mark and
// array, points (x, y), (x, upper y, lower y, width) for bars, or (x, share of a pole's
// color, below 0 for what vanishes) for the boxes of a network.
(plot) => {
  const x = plot.scale("x"), y = plot.scale("y");
  const marks = {};
  for (const group of plot.querySelectorAll("g[data-mark]")) {
    if (group.closest(".vg-ghosts")) continue;
    const points = [];
    for (const box of group.dataset.mark === "boxes" ? group.children : []) {
      const [ground, tint] = box.children;
      const center = +ground.getAttribute("x") + ground.getAttribute("width") / 2;
      const sign = tint.getAttribute("fill").includes("vanish") ? -1 : 1;
      points.push([x.invert(center), sign * tint.getAttribute("fill-opacity")]);
    }
    for (const path of group.querySelectorAll("path:not(.vg-tangent)")) {
      const d = path.getAttribute("d") ?? "";
      if (group.dataset.mark === "rect")
        for (const [, ...ends] of d.matchAll(/M([-\d.e]+),([-\d.e]+)V([-\d.e]+)H([-\d.e]+)/g)) {
          const [left, one, other, right] = ends.map(Number);
          const [top, bottom] = [Math.min(one, other), Math.max(one, other)];
          points.push([x.invert((left + right) / 2), y.invert(top), y.invert(bottom), x.invert(right) - x.invert(left)]);
        }
      else
        for (const [, px, py] of d.matchAll(/([-\d.e]+),([-\d.e]+)/g))
          points.push([x.invert(+px), y.invert(+py)]);
    }
    // One path for each color: put together again, from left to right.
    if (group.querySelectorAll("path").length > 2) points.sort(([a], [b]) => a - b);
    const name = `${group.dataset.mark} ${group.getAttribute("class").slice(3)}`;
    if (points.length) marks[name] = points;
  }
  return marks;
}
