import type { Handler } from './context.ts';
import { describeReferencedImage } from './describe-images.ts';
import { findRepository } from './find-repository.ts';
import { paginate } from './paginate.ts';
import { formatSeconds } from './timestamps.ts';

/** In the order in which the tags were put. */
export const describeImageTags: Handler<'DescribeImageTags'> = (context, input) => {
  const repository = findRepository(context, input);
  const { page, nextToken } = paginate(
    repository.imageTags.keys(),
    input,
    `image tags of ${repository.name}`,
  );
  const imageTagDetails = page.flatMap((name) => {
    const tag = repository.imageTags.get(name);
    const image = tag && repository.images.get(tag.digest);
    if (tag === undefined || image === undefined) return [];
    return [
      {
        imageTag: name,
        createdAt: formatSeconds(tag.createdAt),
        imageDetail: describeReferencedImage(image),
      },
    ];
  });
  return { imageTagDetails, nextToken };
};
