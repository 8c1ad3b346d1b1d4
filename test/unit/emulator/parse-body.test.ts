import { describe, expect, test } from 'vitest';
import { decodeBase64, decodeBase64InPlace } from '../../../src/emulator/api/base64.ts';
import { parseBody } from '../../../src/emulator/api/parse-body.ts';

const member = 'layerPartBlob';

/** Numbers from 0 to below `bound`, the same on every run. */
function startRandom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * bound);
  };
}

/** What a body comes to: its members, the blob decoded; or that it is refused. */
function outcome(parse: () => Readonly<Record<string, unknown>>): unknown {
  try {
    const { [member]: blob, ...rest } = parse();
    const decoded = typeof blob === 'string' ? (decodeBase64(blob) ?? 'no base64') : blob;
    return { rest, blob: Buffer.isBuffer(decoded) ? decoded.toString('hex') : decoded };
  } catch (error) {
    return error;
  }
}

function expectSame(body: Buffer): void {
  const whole = outcome(() => parseBody(Buffer.from(body)));
  expect(
    outcome(() => parseBody(Buffer.from(body), member)),
    body.toString(),
  ).toEqual(whole);
}

describe('decoding in place', () => {
  test('gives the bytes, for every length around a step', () => {
    const random = startRandom(1);
    for (const length of [0, 1, 2, 3, 4, 49_151, 49_152, 49_153, 98_303, 98_304, 98_305]) {
      const bytes = Buffer.from(Array.from({ length }, () => random(256)));
      const body = Buffer.from(`<${bytes.toString('base64')}>`);
      expect(decodeBase64InPlace(body, 1, body.length - 1)?.equals(bytes), String(length)).toBe(true);
    }
  });

  test.each([
    ['URL alphabet', (text: string) => `${text.slice(0, 8)}-_${text.slice(10)}`],
    ['space inside', (text: string) => `${text.slice(0, -4)} ${text.slice(-3)}`],
    ['padding inside', (text: string) => `AA==${text.slice(4)}`],
    ['three equal signs', (text: string) => `${text.slice(0, -4)}A===`],
    ['no padding', (text: string) => text.slice(0, -1)],
    ['a letter beyond ASCII at the end', (text: string) => `${text.slice(0, -2)}é`],
    [
      'a letter beyond ASCII in the middle',
      (text: string) => `${text.slice(0, 70_000)}é${text.slice(70_002)}`,
    ],
  ])('refuses %s and leaves everything as it was', (_name, spoil) => {
    const text = spoil(Buffer.alloc(200_000, 'sample').toString('base64'));
    const body = Buffer.from(text);
    expect(decodeBase64InPlace(body, 0, body.length)).toBeUndefined();
    expect(body.toString()).toBe(text);
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
    ['beyond ASCII', '{"é":"ü","layerPartBlob":"AAEC","ö":"ß"}'],
  ])('%s', (_name, text) => {
    expectSame(Buffer.from(text));
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
      if (!(outcome(() => parseBody(Buffer.from(body))) instanceof Error)) parsed += 1;
      expectSame(body);
    }
    expect(parsed).toBeGreaterThan(300); // or the mutations would show nothing
  });

  test('the blob of a plain body comes decoded', () => {
    expect(parseBody(Buffer.from('{"layerPartBlob":"AAEC"}'), member)[member]).toEqual(
      Buffer.from([0, 1, 2]),
    );
  });
});
