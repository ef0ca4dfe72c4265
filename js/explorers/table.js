// Reads rows of the binary table that Python filled. No mathematics happens here.

const READERS = {
  float32: Float32Array,
  float64: Float64Array,
  int16: Int16Array,
  uint8: Uint8Array,
};
// Codes of int16 that are no number: −∞, "the row has ended here", ∞.
const CODES = new Map([
  [-32768, -Infinity],
  [-32767, NaN],
  [32767, Infinity],
]);

export class Table {
  constructor(layouts, buffer) {
    this.arrays = {};
    for (const [name, layout] of Object.entries(layouts)) {
      const length = layout.shape.reduce((a, b) => a * b, 1);
      const data = new READERS[layout.dtype](buffer, layout.offset, length);
      this.arrays[name] = { ...layout, data };
    }
  }

  // The numbers of one array at the given knob positions: its last axes, flattened.
  row(name, at) {
    const { data, shape, axes, unit, dtype } = this.arrays[name];
    let start = 0;
    let length = data.length;
    axes.forEach((axis, i) => {
      length /= shape[i];
      // An axis that is no knob is an array whose one number is the position.
      start += (at[axis] ?? this.row(axis, at)[0]) * length;
    });
    const row = Float64Array.from(data.subarray(start, start + length));
    if (dtype === "int16")
      for (let i = 0; i < length; i++) row[i] = CODES.get(row[i]) ?? row[i] * unit;
    else if (unit !== 1) for (let i = 0; i < length; i++) row[i] *= unit;
    return row;
  }
}

// Widget messages carry a DataView into a larger buffer; typed arrays need alignment.
export function aligned(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}
