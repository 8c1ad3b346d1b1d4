import type { JournalRecord } from './record.ts';
import type { RepositoryState } from './repository-state.ts';
import type { State } from './state.ts';

/** The fewest records that make this state again, with every order kept. */
export function* recordState(state: State): Generator<JournalRecord> {
  yield { type: 'registry-catalog-data-set', registryCatalogData: state.registryCatalogData };
  for (const repository of state.repositories.values()) yield* recordRepository(repository);
  for (const { uploadId, repositoryName, startedAt, partSizes } of state.uploads.values()) {
    yield { type: 'upload-started', at: startedAt, repositoryName, uploadId };
    for (const size of partSizes) yield { type: 'part-appended', uploadId, size };
  }
}

function* recordRepository(repository: RepositoryState): Generator<JournalRecord> {
  const { name: repositoryName, createdAt, catalogData, resourceTags, policyText } = repository;
  yield {
    type: 'repository-created',
    at: createdAt,
    repositoryName,
    catalogData,
    resourceTags: [...resourceTags],
  };
  if (policyText !== undefined) yield { type: 'policy-set', repositoryName, policyText };
  for (const [digest, { size, mediaType }] of repository.layers) {
    yield {
      type: 'layer-added',
      repositoryName,
      digest,
      size,
      ...(mediaType !== undefined && { mediaType }),
    };
  }
  for (const { tags: _, pushedAt, ...image } of repository.images.values()) {
    yield { type: 'image-put', at: pushedAt, repositoryName, image };
  }
  for (const [tag, { digest, createdAt: at }] of repository.imageTags) {
    yield { type: 'tag-put', at, repositoryName, digest, tag };
  }
}
