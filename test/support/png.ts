import { crc32, deflateSync } from 'node:zlib';

/** Makes a valid PNG of one grey. */
export function makePng(width: number, height: number, grey = 0): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const rows = deflateSync(drawRows(width, height, grey));
  return Buffer.concat([
    signature,
    makeChunk('IHDR', header),
    makeChunk('IDAT', rows),
    makeChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Each row begins with its filter, 0. */
function drawRows(width: number, height: number, grey: number): Buffer {
  const row = Buffer.alloc(width + 1, grey);
  row[0] = 0;
  return Buffer.concat(Array.from({ length: height }, () => row));
}

/** Makes a chunk with its length and checksum. */
export function makeChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(8 + body.length);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), 4 + body.length);
  return chunk;
}
