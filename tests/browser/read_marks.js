// What a picture shows, read back through its own scales: for each kind of mark and
// array, points (x, y), or (x, upper y, lower y, width) for bars.
(plot) => {
  const x = plot.scale("x"), y = plot.scale("y");
  const marks = {};
  for (const group of plot.querySelectorAll("g[class^=vg-]")) {
    const points = [];
    for (const dot of group.querySelectorAll("circle"))
      points.push([x.invert(+dot.getAttribute("cx")), y.invert(+dot.getAttribute("cy"))]);
    for (const bar of group.querySelectorAll("rect")) {
      const [left, top, width, height] = ["x", "y", "width", "height"].map((a) => +bar.getAttribute(a));
      points.push([x.invert(left + width / 2), y.invert(top), y.invert(top + height), x.invert(left + width) - x.invert(left)]);
    }
    for (const path of group.querySelectorAll("path"))
      for (const [, px, py] of path.getAttribute("d").matchAll(/([-\d.e]+),([-\d.e]+)/g))
        points.push([x.invert(+px), y.invert(+py)]);
    if (points.length) marks[`${group.dataset.mark} ${group.getAttribute("class").slice(3)}`] = points;
  }
  return marks;
}
