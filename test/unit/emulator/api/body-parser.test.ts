import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { BodyParser } from '../../../../src/emulator/api/body-parser.ts';
import { BufferPool } from '../../../../src/emulator/api/buffer-pool.ts';
import { decodeBase64 } from '../../../../src/emulator/json.ts';

const member = 'layerPartBlob';

/** Numbers in [0, `bound`), the same on every run. */
function startRandom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * bound);
  };
}

/** Parses a body that arrives in these chunks. */
function parse(chunks: readonly Buffer[], expectedBytes: number, blobMember?: string) {
  const parser = new BodyParser(new BufferPool(), expectedBytes, blobMember);
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk);
    parser.append(lent);
    // A reader of a socket may use its buffer again.
    lent.fill('"');
  }
  return parser.parse();
}

function cut(body: Buffer, chunkBytes: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(body.length / chunkBytes) }, (_, index) =>
    body.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
}

/** The expected result for a body: its members with the blob decoded, or the refusal. */
function outcome(parsing: () => Readonly<Record<string, unknown>>): unknown {
  try {
    const { [member]: blob, ...rest } = parsing();
    const decoded = typeof blob === 'string' ? (decodeBase64(blob) ?? 'no base64') : blob;
    return { rest, blob: Buffer.isBuffer(decoded) ? decoded.toString('hex') : decoded };
  } catch (error) {
    return error;
  }
}

/** Parses in chunks of each size, with and without an announced length. */
function expectSame(body: Buffer, chunkSizes: readonly number[]): void {
  const whole = outcome(() => parse([body], body.length));
  for (const size of chunkSizes) {
    for (const expectedBytes of [body.length, 0]) {
      const actual = outcome(() => parse(cut(body, size), expectedBytes, member));
      // To ask `expect` each of tens of thousands of times takes longer than to parse.
      if (isDeepStrictEqual(actual, whole)) continue;
      expect(actual, `chunks of ${size}: ${body.toString().slice(0, 500)}`).toEqual(whole);
    }
  }
}

function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

describe('a blob is decoded while it arrives', () => {
  const decode = (text: string, chunkBytes: number) =>
    parse(cut(Buffer.from(`{"layerPartBlob":"${text}"}`), chunkBytes), text.length, member)[member];

  test('returns the bytes, for every length around a step and chunks of any size', () => {
    const random = startRandom(1);
    for (const length of [0, 1, 2, 3, 4, 49_151, 49_152, 49_153, 98_303, 98_304, 98_305]) {
      const bytes = Buffer.from(Array.from({ length }, () => random(256)));
      const text = bytes.toString('base64');
      for (const chunkBytes of [7, 1000, 65_536, 65_537, 200_000]) {
        const decoded = decode(text, chunkBytes);
        expect(Buffer.isBuffer(decoded) && decoded.equals(bytes), `${length} in ${chunkBytes}`).toBe(true);
      }
    }
  });

  test.each([
    ['URL alphabet', (text: string) => `${text.slice(0, 8)}-_${text.slice(10)}`],
    ['space inside', (text: string) => `${text.slice(0, -4)} ${text.slice(-3)}`],
    ['padding inside', (text: string) => `AA==${text.slice(4)}`],
    ['padding in the middle', (text: string) => `${text.slice(0, 80_000)}AA==${text.slice(80_004)}`],
    ['three equal signs', (text: string) => `${text.slice(0, -4)}A===`],
    ['no padding', (text: string) => text.slice(0, -1)],
    ['a letter beyond ASCII at the end', (text: string) => `${text.slice(0, -2)}é`],
    [
      'a letter beyond ASCII in the middle',
      (text: string) => `${text.slice(0, 70_000)}é${text.slice(70_002)}`,
    ],
  ])('with %s it stays the text that it was', (_name, spoil) => {
    const text = spoil(Buffer.alloc(200_000, 'sample').toString('base64'));
    for (const chunkBytes of [1000, 65_536, 300_000]) {
      expect(decode(text, chunkBytes)).toBe(text);
    }
    expect(decodeBase64(text)).toBeUndefined();
  });
});

describe('a body with a blob is parsed as if it had been parsed whole', () => {
  test.each([
    ['plain', '{"uploadId":"u","layerPartBlob":"AAEC","partFirstByte":0}'],
    ['spaces', '{ "layerPartBlob" :\n "AAEC" }'],
    ['too many spaces', `{"layerPartBlob":${' '.repeat(40)}"AAEC"}`],
    ['escapes', '{"layerPartBlob":"AA\\/\\u0041"}'],
    ['escaped name', '{"layerPart\\u0042lob":"AAEC"}'],
    ['twice', '{"layerPartBlob":"AAEC","layerPartBlob":"AAED"}'],
    ['twice, one of another type', '{"layerPartBlob":"AAEC","layerPartBlob":7}'],
    ['nested before', '{"x":{"layerPartBlob":"AAEC"},"layerPartBlob":"AAED"}'],
    ['nested only', '{"x":{"layerPartBlob":"AAEC"}}'],
    ['in a string', '{"x":"\\"layerPartBlob\\":\\"AAEC\\"","layerPartBlob":"AAED"}'],
    ['as a value', '{"x":"layerPartBlob","layerPartBlob":"AAED"}'],
    ['as a prototype', '{"__proto__":{"layerPartBlob":"AAEC"}}'],
    ['not a string', '{"layerPartBlob":["AAEC"]}'],
    ['null', '{"layerPartBlob":null}'],
    ['empty string', '{"layerPartBlob":""}'],
    ['no base64', '{"layerPartBlob":"A*EC"}'],
    ['control character', '{"layerPartBlob":"A\nEC"}'],
    ['cut', '{"layerPartBlob":"AAEC'],
    ['cut after it', '{"layerPartBlob":"AAEC"'],
    ['list', '["layerPartBlob","AAEC"]'],
    ['nothing', ''],
    ['number', '7'],
    ['last', '{"uploadId":"u","partFirstByte":0,"layerPartBlob":"AAECAwQF"}'],
    ['padded', '{"layerPartBlob":"AAECAw==","uploadId":"u"}'],
    ['two groups, the first padded', '{"layerPartBlob":"AA==AAEC"}'],
    ['bits that no byte has', '{"layerPartBlob":"AAECAAB=","layerPartBlob":"AAECAB=="}'],
    ['beyond the head', `{"x":"${'x'.repeat(8192)}","layerPartBlob":"AAEC"}`],
    ['at the end of the head', `{"x":"${'x'.repeat(8192 - 30)}","layerPartBlob":"AAECAwQF"}`],
    ['followed by much', `{"layerPartBlob":"AAEC","x":"${'x'.repeat(20_000)}"}`],
    [
      'followed by much, and again',
      `{"layerPartBlob":"AAEC","x":"${'x'.repeat(20_000)}","layerPartBlob":"AAED"}`,
    ],
    ['beyond ASCII', '{"é":"ü","layerPartBlob":"AAEC","ö":"ß"}'],
  ])('%s', (_name, text) => {
    const body = Buffer.from(text);
    // Every way to cut a short body, some ways to cut a long one.
    expectSame(body, body.length < 1000 ? upTo(body.length + 1) : [1, 13, 4096, 8191, 8192, 8193, 65_536]);
  });

  test('3,000 seeded mutations', () => {
    const random = startRandom(20_261_121);
    const seedText = `{"a":"\\"layerPartBlob\\":","layerPartBlob":"${Buffer.alloc(30, 'xyz').toString('base64')}","b":[1,{"layerPartBlob":"AA=="}]}`;
    const pieces = [
      '"',
      '\\',
      '{',
      '}',
      ',',
      ':',
      '"layerPartBlob":"',
      'AAEC',
      '=',
      ' ',
      '\n',
      'é',
      '-',
      '\0',
    ];
    let parsed = 0;
    for (let round = 0; round < 3000; round += 1) {
      let text = seedText;
      for (let edits = 1 + random(3); edits > 0; edits -= 1) {
        const at = random(text.length);
        text = text.slice(0, at) + (pieces[random(pieces.length + 1)] ?? '') + text.slice(at + random(3));
      }
      const body = Buffer.from(text);
      if (!(outcome(() => parse([body], body.length)) instanceof Error)) parsed += 1;
      expectSame(body, [1, 2 + random(8), 10 + random(90), body.length + 1]);
    }
    expect(parsed).toBeGreaterThan(300); // otherwise the mutations test nothing
  });

  test('the blob of a plain body is decoded', () => {
    const body = Buffer.from('{"layerPartBlob":"AAECAwQ=","uploadId":"u"}');
    for (const size of upTo(body.length)) {
      expect(parse(cut(body, size), body.length, member)[member]).toEqual(Buffer.from([0, 1, 2, 3, 4]));
    }
  });
});
