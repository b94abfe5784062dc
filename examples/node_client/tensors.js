// Tensors as TensorFlow Serving sends them: between TensorProto and arrays.
'use strict';

const bytes = (text) => Buffer.from(text, 'utf8');
const shape = (...sizes) => ({ dim: sizes.map((size) => ({ size })) });

/** Rows of texts, all of one length: [B, N] string. */
function textRows(rows) {
  return {
    dtype: 'DT_STRING',
    tensor_shape: shape(rows.length, rows[0].length),
    string_val: rows.flat().map(bytes),
  };
}

/** One value a row: [B] of a dtype. */
function texts(values) {
  return { dtype: 'DT_STRING', tensor_shape: shape(values.length), string_val: values.map(bytes) };
}

function int32s(values) {
  return { dtype: 'DT_INT32', tensor_shape: shape(values.length), int_val: values };
}

function int64s(values) {
  return { dtype: 'DT_INT64', tensor_shape: shape(values.length), int64_val: values };
}

function floats(values) {
  return { dtype: 'DT_FLOAT', tensor_shape: shape(values.length), float_val: values };
}

function floatRows(rows) {
  return {
    dtype: 'DT_FLOAT',
    tensor_shape: shape(rows.length, rows[0].length),
    float_val: rows.flat(),
  };
}

/** The values of an answer as a flat array, row after row. A server may pack numbers into bytes. */
function values(tensor) {
  if (tensor.dtype === 'DT_STRING') return tensor.string_val.map((value) => value.toString('utf8'));
  if (tensor.dtype !== 'DT_FLOAT') throw new Error(`no reader for ${tensor.dtype}`);
  const packed = tensor.tensor_content;
  if (packed.length === 0) return tensor.float_val;
  return Array.from({ length: packed.length / 4 }, (_, index) => packed.readFloatLE(4 * index));
}

module.exports = { floatRows, floats, int32s, int64s, textRows, texts, values };
