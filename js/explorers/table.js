// Reads rows of the binary table that Python filled. No mathematics happens here.

const READERS = { float32: Float32Array, int16: Int16Array, uint8: Uint8Array };

export class Table {
  constructor(spec, buffer) {
    this.arrays = {};
    for (const [name, layout] of Object.entries(spec.arrays)) {
      const length = layout.shape.reduce((a, b) => a * b, 1);
      this.arrays[name] = {
        ...layout,
        data: new READERS[layout.dtype](buffer, layout.offset, length),
      };
    }
  }

  // The numbers of one array at the given knob positions: its last axes, flattened.
  row(name, positions) {
    const { data, shape, axes, unit, dtype } = this.arrays[name];
    let start = 0;
    let length = data.length;
    axes.forEach((axis, i) => {
      length /= shape[i];
      // An axis that is no knob is an array whose one number is the position.
      start += (positions[axis] ?? this.row(axis, positions)[0]) * length;
    });
    const values = Array.from(data.subarray(start, start + length));
    return dtype === "float32" ? values : values.map(DECODERS[dtype](unit));
  }
}

// Whole multiples of a unit; the ends of int16 stand for infinity, and for nothing.
const DECODERS = {
  uint8: (unit) => (code) => code * unit,
  int16: (unit) => (code) =>
    code === -32768 ? -Infinity : code === 32767 ? Infinity : code === -32767 ? NaN : code * unit,
};

// Widget messages carry a DataView into a larger buffer; typed arrays need alignment.
export function aligned(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}
