import { describe, expect, it } from 'vitest';
import { formatAnnotation, isAnnotatedJob } from '../../../../src/cli/ci/annotations.ts';

describe('an annotation', () => {
  it.each([
    [['app is missing'], '::error title=ecrp::app is missing'],
    [['app is missing', 'hint: create it'], '::error title=ecrp::app is missing%0Ahint: create it'],
    [['50% of a%0Ab, c: d'], '::error title=ecrp::50%25 of a%250Ab, c: d'],
    // No text can end the command, begin another, or look like a second line.
    [['a\r\n::set-output name=x::y'], '::error title=ecrp::a\\r\\n::set-output name=x::y'],
    [['::stop-commands::x'], '::error title=ecrp::\\x3a:stop-commands::x'],
    [['a ##[group]b', '##[error]c'], '::error title=ecrp::a #\\x23[group]b%0A#\\x23[error]c'],
    [['\u001b[2J\u202e'], '::error title=ecrp::\\x1b[2J\\u202e'],
  ])('of %j is %j', (lines, command) => {
    expect(formatAnnotation('error', lines)).toBe(command);
  });

  it('is read back by the rules of the runner', () => {
    const lines = ['100%25, a:b', 'c\nd', '::error::e', ' % '];
    const [, kind, properties, data = ''] =
      /^::(\w+) ([^:]*)::(.*)$/.exec(formatAnnotation('warning', lines)) ?? [];
    expect([kind, properties]).toEqual(['warning', 'title=ecrp']);
    // The runner decodes in this order.
    const text = data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
    expect(text.split('\n')).toEqual(['100%25, a:b', 'c\\nd', '\\x3a:error::e', ' % ']);
  });
});

it.each([
  [{ GITHUB_ACTIONS: 'true' }, true],
  [{ GITHUB_ACTIONS: 'true', ECRP_ANNOTATIONS: 'on' }, true],
  [{ GITHUB_ACTIONS: 'true', ECRP_ANNOTATIONS: 'off' }, false],
  [{ GITHUB_ACTIONS: 'true', ECRP_ANNOTATIONS: 'OFF' }, false],
  [{ GITHUB_ACTIONS: 'false' }, false],
  [{ GITHUB_ACTIONS: '' }, false],
  [{ CI: 'true' }, false],
])('the job of %j is annotated: %s', (env, isAnnotated) => {
  expect(isAnnotatedJob(env)).toBe(isAnnotated);
});
