/** Header block, field by field. `tar-stream` writes well-formed archives; this writes malformed and old ones. */
export interface TarBlock {
  readonly name: string;
  /** Type flag. Default: `0`, a file. */
  readonly type?: string;
  readonly size?: number;
  readonly linkName?: string;
  /** The 12 bytes of the size field, instead of octal digits. */
  readonly sizeField?: Buffer;
  /** `gnu` and `v7` have no prefix field. Default: `ustar`. */
  readonly format?: 'ustar' | 'gnu' | 'v7';
  readonly prefix?: string;
  /** Added to the correct checksum. */
  readonly checksumError?: number;
  /** Sums bytes as signed numbers, as some old writers did. */
  readonly signedChecksum?: boolean;
}

const MAGIC = { ustar: 'ustar\x0000', gnu: 'ustar  \0', v7: '' };

export function makeTarBlock(entry: TarBlock): Buffer {
  const block = Buffer.alloc(512);
  block.write(entry.name, 0, 100, 'utf8');
  block.write('0000644\0', 100, 'latin1');
  if (entry.sizeField !== undefined) entry.sizeField.copy(block, 124, 0, 12);
  else block.write(`${(entry.size ?? 0).toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  block.write('00000000000\0', 136, 'latin1');
  block.write(entry.type ?? '0', 156, 1, 'latin1');
  block.write(entry.linkName ?? '', 157, 100, 'utf8');
  block.write(MAGIC[entry.format ?? 'ustar'], 257, 'latin1');
  block.write(entry.prefix ?? '', 345, 155, 'utf8');
  block.fill(' ', 148, 156);
  let sum = entry.checksumError ?? 0;
  for (const byte of block) sum += entry.signedChecksum && byte > 127 ? byte - 256 : byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Makes a header of GNU tar's old sparse format, with at most four extents of offset and length. */
export function makeSparseHeader(entry: {
  readonly name: string;
  readonly realSize: number;
  readonly extents: readonly (readonly [offset: number, length: number])[];
  /** Stored bytes. */
  readonly size: number;
  readonly continues?: boolean;
}): Buffer {
  const block = makeTarBlock({ name: entry.name, type: 'S', size: entry.size, format: 'gnu' });
  const write = (value: number, at: number) =>
    block.write(`${value.toString(8).padStart(11, '0')}\0`, at, 'latin1');
  entry.extents.flat().forEach((value, position) => {
    write(value, 386 + 12 * position);
  });
  block[482] = entry.continues ? 1 : 0;
  write(entry.realSize, 483);
  return fixChecksum(block);
}

function fixChecksum(block: Buffer): Buffer {
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Makes a header block with its data, padded to whole blocks. */
export function makeTarEntry(entry: TarBlock, content: Buffer | string): Buffer {
  const data = Buffer.from(content);
  const padding = Buffer.alloc((512 - (data.length % 512)) % 512);
  return Buffer.concat([makeTarBlock({ size: data.length, ...entry }), data, padding]);
}

/** Makes a PAX extended header (`type` `x`, or `g` for a global one) of the records. */
export function makePaxEntry(records: Readonly<Record<string, string>>, type = 'x'): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest + 1;
    while (String(length).length + rest !== length) length += 1;
    return `${length} ${key}=${value}\n`;
  });
  return makeTarEntry({ name: 'PaxHeaders/x', type }, lines.join(''));
}

/** Makes a size field in GNU's base-256 form. */
export function encodeBase256(size: bigint): Buffer {
  const value = BigInt.asUintN(96, size);
  const field = Buffer.from(value.toString(16).padStart(24, '0'), 'hex');
  field[0] = (field[0] ?? 0) | 0x80;
  return field;
}

/** Two blocks of zeros end an archive. */
export const TAR_END = Buffer.alloc(1024);
