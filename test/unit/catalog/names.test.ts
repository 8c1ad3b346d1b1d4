import { describe, expect, it } from 'vitest';
import { explainMissingBadge } from '../../../src/catalog/badges.ts';
import { findNearest } from '../../../src/catalog/findings.ts';
import { parseResourceTags } from '../../../src/catalog/resource-tags.ts';

describe('explainMissingBadge', () => {
  it.each(['ARM', 'ARM 64', 'x86', 'x86-64'])('explains nothing about %s', (name) => {
    expect(explainMissingBadge('architectures', name)).toBeUndefined();
  });

  it.each([
    ['amd64', 'x86-64'],
    ['x86_64', 'x86-64'],
    ['linux/amd64', 'x86-64'],
    ['arm64', 'ARM 64'],
    ['AArch64', 'ARM 64'],
    ['linux/arm64/v8', 'ARM 64'],
    ['arm', 'ARM'],
    ['linux/arm/v7', 'ARM'],
    ['i386', 'x86'],
    ['X86', 'x86'],
  ])('%s should be %s', (name, badge) => {
    expect(explainMissingBadge('architectures', name)).toContain(`"${badge}" will`);
  });

  it('names the other list, or lists the badges', () => {
    expect(explainMissingBadge('architectures', 'Linux')).toContain('it belongs in operatingSystems');
    expect(explainMissingBadge('operatingSystems', 'ARM 64')).toContain('it belongs in architectures');
    expect(explainMissingBadge('operatingSystems', 'plan9')).toContain('these will: Linux, Windows');
    expect(explainMissingBadge('operatingSystems', 'Amazon Linux 2')).toContain('"Linux" will');
    expect(explainMissingBadge('operatingSystems', 'windows/amd64')).toContain('"Windows" will');
  });
});

describe('parseResourceTags', () => {
  it('splits at the first equals sign', () => {
    expect(parseResourceTags(['team=tools', 'a=b=c', 'b='])).toEqual({
      tags: [
        { Key: 'team', Value: 'tools' },
        { Key: 'a', Value: 'b=c' },
        { Key: 'b', Value: '' },
      ],
      warnings: [],
    });
  });

  it('warns of characters that the service may refuse', () => {
    const { warnings } = parseResourceTags(['team=<tools>']);
    expect(warnings).toEqual([expect.stringContaining('"<"')]);
  });

  it('refuses a key that is given twice', () => {
    expect(() => parseResourceTags(['a=1', 'a=2'])).toThrow('the resource tag a is given twice');
  });

  it.each(['team', '=x', '', 'aws:x=y', `${'k'.repeat(129)}=v`])('refuses %j', (text) => {
    expect(() => parseResourceTags([text])).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.any(String) }),
    );
  });
});

describe('findNearest', () => {
  it('finds typing errors, another case and beginnings, and nothing else', () => {
    const known = ['description', 'logo', 'aboutText'];
    expect(findNearest('descripton', known)).toBe('description');
    expect(findNearest('LOGO', known)).toBe('logo');
    expect(findNearest('logos', known)).toBe('logo');
    expect(findNearest('about', known)).toBe('aboutText');
    expect(findNearest('x', known)).toBeUndefined();
    expect(findNearest('z'.repeat(100_000), known)).toBeUndefined();
  });
});
