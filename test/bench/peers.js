// crane, oras and regctl: clients that work from registry to registry.

import { join } from 'node:path';

export function openCrane(directory) {
  return {
    takes: { push: ['layout', 'docker'], copy: ['registry'], pull: ['layout', 'docker'] },
    env: { HOME: directory },
    push: ({ image, form, to }) => ['crane', 'push', image.locate(form), `${to.name}:v1`],
    copy: ({ image, from, to }) =>
      image.name === 'tags'
        ? ['crane', 'copy', '--all-tags', from.name, to.name]
        : ['crane', 'copy', `${from.name}:v1`, `${to.name}:v1`],
    pull: ({ form, from, path }) => [
      ...['crane', 'pull', '--format', form === 'layout' ? 'oci' : 'tarball'],
      ...[`${from.name}:v1`, path],
    ],
  };
}

export function openOras(directory) {
  const plain = (end, { isSecure }) => (isSecure ? [] : [`--${end}-plain-http`]);
  const copy = (from, to, tag) => [
    ...['oras', 'cp', '--no-tty', ...plain('from', from), ...plain('to', to)],
    ...[`${from.name}:${tag}`, `${to.name}:${tag}`],
  ];
  return {
    takes: { push: ['layout', 'oci-tar'], copy: ['registry'], pull: ['layout'] },
    env: { HOME: directory },
    push: ({ image, form, to }) => [
      ...['oras', 'cp', '--no-tty', '--from-oci-layout', ...plain('to', to)],
      ...[`${image.locate(form)}:v1`, `${to.name}:v1`],
    ],
    copy: ({ image, from, to }) => repeat(image, (tag) => copy(from, to, tag)),
    pull: ({ from, path }) => [
      ...['oras', 'cp', '--no-tty', ...plain('from', from), '--to-oci-layout'],
      ...[`${from.name}:v1`, `${path}:v1`],
    ],
  };
}

export function openRegctl(directory) {
  const regctl = (...ends) => [
    'regctl',
    ...ends.flatMap(({ host, isSecure }) => (isSecure ? [] : ['--host', `reg=${host},tls=disabled`])),
    'image',
  ];
  return {
    takes: { push: ['layout', 'oci-tar'], copy: ['registry'], pull: ['layout', 'docker'] },
    env: { HOME: directory, REGCTL_CONFIG: join(directory, 'regctl.json') },
    push: ({ image, form, to }) =>
      form === 'layout'
        ? [...regctl(to), 'copy', `ocidir://${image.locate(form)}:v1`, `${to.name}:v1`]
        : [...regctl(to), 'import', `${to.name}:v1`, image.locate(form)],
    copy: ({ image, from, to }) =>
      repeat(image, (tag) => [...regctl(from, to), 'copy', `${from.name}:${tag}`, `${to.name}:${tag}`]),
    pull: ({ form, from, path }) =>
      form === 'layout'
        ? [...regctl(from), 'copy', `${from.name}:v1`, `ocidir://${path}:v1`]
        : [...regctl(from), 'export', `${from.name}:v1`, path],
  };
}

/** Runs a command for each tag of an image, one after the other, as a shell does for a client that copies one tag. */
function repeat({ tags = ['v1'] }, makeCommand) {
  const [only, ...others] = tags.map(makeCommand);
  if (others.length === 0) return only;
  // No word has a character that is special to a shell.
  return ['sh', '-ec', [only, ...others].map((argv) => argv.join(' ')).join('\n')];
}
