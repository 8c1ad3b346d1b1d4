/**
 * Source bytes per step: a multiple of three. As text they fit in V8's young generation: longer texts take up to five
 * times as long, or stay in memory by the dozen until a full collection.
 */
const STEP_BYTES = 48 * 1024;

export interface PartMembers {
  readonly registryId?: string | undefined;
  readonly repositoryName: string;
  readonly uploadId: string;
  /** First byte of the part in the layer. */
  readonly start: number;
}

/**
 * Body of an UploadLayerPart, as bytes: the members by their names in the service model, and the part in base64.
 * `body` is filled and returned, as long as needed, when it is large enough; else a new buffer is.
 */
export function buildPartBody({ start, ...names }: PartMembers, part: Buffer, body?: Buffer): Buffer {
  const members = { ...names, partFirstByte: start, partLastByte: start + part.length - 1 };
  const head = Buffer.from(`${JSON.stringify(members).slice(0, -1)},"layerPartBlob":"`);
  const tail = '"}';
  const length = head.length + Math.ceil(part.length / 3) * 4 + tail.length;
  const out = body && body.length >= length ? body.subarray(0, length) : Buffer.allocUnsafeSlow(length);
  let offset = head.copy(out);
  for (let first = 0; first < part.length; first += STEP_BYTES) {
    const text = part.subarray(first, first + STEP_BYTES).toString('base64');
    offset += out.write(text, offset, 'latin1');
  }
  out.write(tail, offset, 'latin1');
  return out;
}
