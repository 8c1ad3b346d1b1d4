import { describe, expect, it } from 'vitest';
import { removeJsonMember, setJsonMember } from '../../../src/docker/edit-json.ts';

const dockerStyle = `{
\t"auths": {
\t\t"https://index.docker.io/v1/": {
\t\t\t"auth": "dXNlcjpzZWNyZXQ="
\t\t}
\t},
\t"HttpHeaders": { "X-Meta": "a \\"}, {\\\\" },
\t"7": 1.0,
\t"serial": 12345678901234567890,
\t"psFormat": "table {{.ID}}\\t{{.Names}}"
}
`;

describe('setJsonMember', () => {
  it('adds a member and changes no other byte', () => {
    expect(setJsonMember(dockerStyle, ['auths', 'public.ecr.aws'], { auth: 'QQ==' })).toBe(
      dockerStyle.replace(
        '"\n\t\t}\n\t},',
        '"\n\t\t},\n\t\t"public.ecr.aws": {\n\t\t\t"auth": "QQ=="\n\t\t}\n\t},',
      ),
    );
  });

  it('replaces a value in its place', () => {
    expect(setJsonMember(dockerStyle, ['auths', 'https://index.docker.io/v1/'], {})).toBe(
      dockerStyle.replace('{\n\t\t\t"auth": "dXNlcjpzZWNyZXQ="\n\t\t}', '{}'),
    );
  });

  it('makes missing objects on the path', () => {
    expect(setJsonMember(dockerStyle, ['credHelpers', 'a.example'], 'ecrp')).toBe(
      dockerStyle.replace('"\n}\n', '",\n\t"credHelpers": {\n\t\t"a.example": "ecrp"\n\t}\n}\n'),
    );
    expect(setJsonMember('{"auths": null}', ['auths', 'a'], 1)).toBe('{"auths": {"a":1}}');
  });

  it.each([
    ['{}', '{\n\t"a": {\n\t\t"b": 1\n\t}\n}'],
    ['{\n}\n', '{\n\t"a": {\n\t\t"b": 1\n\t}\n}\n'],
    ['{"x":[{"a":1}]}', '{"x":[{"a":1}],"a":{"b":1}}'],
    ['{\n  "x": 1\n}', '{\n  "x": 1,\n  "a": {\n    "b": 1\n  }\n}'],
    ['{\r\n    "x": 1\r\n}', '{\r\n    "x": 1,\r\n    "a": {\r\n        "b": 1\r\n    }\r\n}'],
    ['{\n"x": 1\n}', '{\n"x": 1,\n"a": {"b":1}\n}'],
  ])('follows the layout of %j', (before, after) => {
    expect(setJsonMember(before, ['a', 'b'], 1)).toBe(after);
  });

  it('counts the last of two members with the same key', () => {
    const text = setJsonMember('{"a":{"x":1},"a":{"y":2}}', ['a', 'b'], 3);
    expect(JSON.parse(text)).toEqual({ a: { y: 2, b: 3 } });
  });

  it('compares unescaped keys', () => {
    expect(setJsonMember('{"\\u0061":1}', ['a'], 2)).toBe('{"\\u0061":2}');
  });
});

describe('removeJsonMember', () => {
  it('undoes setJsonMember to the byte', () => {
    const path = ['auths', 'public.ecr.aws'];
    expect(removeJsonMember(setJsonMember(dockerStyle, path, { auth: 'QQ==' }), path)).toBe(dockerStyle);
  });

  it.each([
    ['{"a":1,"b":2,"c":3}', ['a'], '{"b":2,"c":3}'],
    ['{"a":1,"b":2,"c":3}', ['b'], '{"a":1,"c":3}'],
    ['{"a":1,"b":2,"c":3}', ['c'], '{"a":1,"b":2}'],
    ['{ "a": 1 }', ['a'], '{}'],
    ['{"x":{"a":1,"a":2},"a":3}', ['x', 'a'], '{"x":{},"a":3}'],
    ['{"x":[1],"y":"a"}', ['x', 'a'], '{"x":[1],"y":"a"}'],
    ['{"x":1}', ['y', 'a'], '{"x":1}'],
  ])('from %s', (before, path, after) => {
    expect(removeJsonMember(before, path)).toBe(after);
  });
});
