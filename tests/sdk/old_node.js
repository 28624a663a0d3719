// What Node was when these clients were written.  Nothing of the clients is changed.
//
// - Buffer.byteLength took a number, as the length of its text (until Node 7).
// - ws below 3 told a handler of messages whether the frame was binary; ali-topsdk asks for that,
//   and its package.json allows a newer ws.
'use strict'

const byteLength = Buffer.byteLength
Buffer.byteLength = (value, encoding) =>
  byteLength(typeof value === 'number' ? String(value) : value, encoding)

const { EventEmitter } = require('events')
const emit = EventEmitter.prototype.emit
EventEmitter.prototype.emit = function (event, ...values) {
  const old = event === 'message' && values.length === 1 && Buffer.isBuffer(values[0])
  return emit.call(this, event, ...values, ...(old ? [{ binary: true }] : []))
}
