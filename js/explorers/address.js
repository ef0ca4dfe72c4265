// Every state has an address: #explorer-1?gain=0.95&depth=200. A link to one, on the
// page or from elsewhere, sets the knobs.

// The values in an address, by knob; nothing where it is another explorer's.
export function valuesIn(hash, id) {
  const [place, query] = decodeURI(hash.slice(1)).split("?");
  if (place !== id || query === undefined) return undefined;
  return Object.fromEntries(new URLSearchParams(query));
}

// Positions of the knobs that an address names; what no knob can be is left out.
export function positionsIn(values, knobs) {
  const found = {};
  for (const knob of knobs) {
    const given = values[knob.name];
    if (given === undefined) continue;
    const position =
      typeof knob.values[0] === "number"
        ? nearest(knob.values, Number(given))
        : knob.values.indexOf(given);
    if (position >= 0) found[knob.name] = position;
  }
  return found;
}

function nearest(values, wanted) {
  if (!Number.isFinite(wanted)) return -1;
  const distances = values.map((value) => Math.abs(value - wanted));
  return distances.indexOf(Math.min(...distances));
}

export function addressOf(id, knobs, at, start) {
  const changed = knobs.filter(({ name }) => at[name] !== start[name]);
  if (!changed.length) return "";
  const query = new URLSearchParams(
    changed.map(({ name, values }) => {
      const value = values[at[name]];
      return [name, typeof value === "number" ? String(+value.toPrecision(6)) : value];
    }),
  );
  return `#${id}?${query}`;
}
