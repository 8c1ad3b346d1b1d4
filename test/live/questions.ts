import type { EmulatorChoice } from '../../src/emulator/choice.ts';
import { CHOICES } from '../../src/emulator/choices.ts';
import { IMAGE_QUESTIONS } from './ask-images.ts';
import { PROGRAM_CHECKS, PROGRAM_QUESTIONS } from './ask-program.ts';
import { REGISTRY_QUESTIONS } from './ask-registry.ts';
import { REPOSITORY_QUESTIONS } from './ask-repositories.ts';
import { REQUEST_QUESTIONS } from './ask-requests.ts';
import { UPLOAD_QUESTIONS } from './ask-uploads.ts';
import { OPEN_POINT_QUESTIONS, OPEN_POINTS } from './open-points.ts';
import type { ChoiceName, Question } from './question.ts';

const needsLoad = 'only a load that disturbs other users of the account would show it';
const needsMany = 'it takes too many calls or bytes';
const ownDecision = 'it is about the emulator, not about the service';

/** Choices that this run does not decide, each with the reason. */
const NOT_ASKED = {
  orderOfChecks: 'each pair of errors is a question of its own',
  quotaBurst: needsLoad,
  throttledBefore: needsLoad,
  pull: needsLoad,
  anonymousPulls: needsLoad,
  tooManyPartsText: needsMany,
  layerTooLargeText: needsMany,
  tooManyRepositoriesText: needsMany,
  maximumRepositories: needsMany,
  maximumImagesPerRepository: needsMany,
  layersWithoutImage: 'it takes days',
  repositoryUri: ownDecision,
  policyConditions: ownDecision,
  aliasBeforeFirstRepository: 'the account may have repositories already',
  foreignRegistry: 'it takes a second account',
  displayName: 'it would change the registry, not only a repository',
} as const;

/** In the order of asking: the repository is empty at first. */
const ASKED = {
  ...REPOSITORY_QUESTIONS,
  ...REQUEST_QUESTIONS,
  ...UPLOAD_QUESTIONS,
  ...IMAGE_QUESTIONS,
  ...REGISTRY_QUESTIONS,
} as const;

// Each choice of the emulator has a question or a reason. The compiler names one without either.
const DECIDED = { ...ASKED, ...NOT_ASKED } as const satisfies Readonly<Record<ChoiceName, Question | string>>;

export interface Topic {
  readonly name: string;
  readonly choice: EmulatorChoice<unknown>;
  /** The question, or the reason not to ask. */
  readonly question: Question | string;
}

/** Everything that the documents of ECR Public leave open, and what `ecrp` achieves. */
export const TOPICS: readonly Topic[] = [
  ...Object.entries(DECIDED).map(([name, question]) => ({
    name,
    choice: CHOICES[name as ChoiceName], // as: the names are those of CHOICES
    question,
  })),
  ...Object.entries(OPEN_POINT_QUESTIONS).map(([name, question]) => ({
    name,
    choice: OPEN_POINTS[name as keyof typeof OPEN_POINTS], // as: the same names
    question,
  })),
  ...Object.entries(PROGRAM_QUESTIONS).map(([name, question]) => ({
    name,
    choice: PROGRAM_CHECKS[name as keyof typeof PROGRAM_CHECKS], // as: the same names
    question,
  })),
];
