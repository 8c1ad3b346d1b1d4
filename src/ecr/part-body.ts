/** Source bytes per step: a multiple of three, and as text just long enough that V8 keeps it outside its heap. */
const STEP_BYTES = 768 * 1024;
const MARK = '"layerPartBlob":""';

/**
 * Body of an UploadLayerPart as bytes: the SDK's own JSON of the request, made with an empty blob, and the part's
 * base64 put between the quotes. The SDK's serialiser takes many times as long for 10 MiB.
 * `body` is filled in and returned as long as needed when it is large enough, else a new buffer is.
 */
export function buildPartBody(template: Buffer, part: Buffer, body?: Buffer): Buffer {
  const mark = template.indexOf(MARK);
  if (mark < 0) {
    throw new TypeError('the SDK writes UploadLayerPart in another form than this one knows');
  }
  const opening = mark + MARK.length - 1;
  const base64Length = Math.ceil(part.length / 3) * 4;
  const length = template.length + base64Length;
  const out = body && body.length >= length ? body.subarray(0, length) : Buffer.allocUnsafeSlow(length);
  let offset = template.copy(out, 0, 0, opening);
  for (let start = 0; start < part.length; start += STEP_BYTES) {
    const text = part.subarray(start, start + STEP_BYTES).toString('base64');
    offset += out.write(text, offset, 'latin1');
  }
  template.copy(out, offset, opening);
  return out;
}
