import { expect, it } from 'vitest';
import { explainStartFailure } from '../../../../../src/cli/commands/emulator/start-failure.ts';

it.each(['ENOSPC', 'EDQUOT'])('the error of a full disk (%s) names the directory', (code) => {
  const place = { host: '127.0.0.1', port: 0, dataDirectory: '/var/emulator' };
  // A write through an open file names no path.
  const error = Object.assign(new Error(`${code}: no room, write`), { code, syscall: 'write' });
  expect(explainStartFailure(error, place)).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining(`cannot write the emulator's data to /var/emulator: the disk`),
    hint: 'Free space there, or give --data a directory on another disk.',
  });
});
