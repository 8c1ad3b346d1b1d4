/** Makes content like that of a layer: runs of random bytes, of one byte, of words, and copies of earlier runs. */
export function makeMixedContent(random: () => number, size: number): Buffer {
  const content = Buffer.alloc(size);
  const words = Array.from({ length: 500 }, () =>
    random()
      .toString(36)
      .slice(2, 4 + random() * 8),
  );
  for (let at = 0; at < size; ) {
    const length = Math.min(size - at, 1 + Math.floor(random() * 8000));
    const run = content.subarray(at, at + length);
    const kind = random();
    if (kind < 0.1) for (let i = 0; i < length; i += 1) run[i] = random() * 256;
    else if (kind < 0.2) run.fill(random() * 256);
    else if (kind < 0.4 && at > length) content.copy(content, at, at - length, at);
    else for (let i = 0; i < length; ) i += run.write(`${words[Math.floor(random() * words.length)]} `, i);
    at += length;
  }
  return content;
}
