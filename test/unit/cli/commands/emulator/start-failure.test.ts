import { expect, it } from 'vitest';
import { explainStartFailure } from '../../../../../src/cli/commands/emulator/start-failure.ts';

it.each([
  [5100, '--port'],
  [5101, '--private-port'],
  [5102, '--private-port'],
])('port %i in use', (port, option) => {
  const place = { host: '127.0.0.1', port: 5100, dataDirectory: '/var/emulator' };
  const error = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', port });
  expect(explainStartFailure(error, place)).toMatchObject({
    code: 'CONFLICT',
    message: `port ${port} on 127.0.0.1 is in use`,
    hint: expect.stringContaining(`with ${option}, or ${option} 0 for a free one`),
  });
});

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
