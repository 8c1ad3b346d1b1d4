import { existsSync } from 'node:fs';

// Loaded into a program under test (`node --import`): its wall clock is ECRP_TEST_CLOCK_MS ahead, and from when the file
// ECRP_TEST_CLOCK_JUMP is there, ECRP_TEST_CLOCK_LATER_MS. No other clock is touched.

const { ECRP_TEST_CLOCK_MS, ECRP_TEST_CLOCK_LATER_MS, ECRP_TEST_CLOCK_JUMP } = process.env;
const RealDate = Date;

function readClock() {
  const hasJumped = ECRP_TEST_CLOCK_JUMP !== undefined && existsSync(ECRP_TEST_CLOCK_JUMP);
  return RealDate.now() + Number((hasJumped ? ECRP_TEST_CLOCK_LATER_MS : ECRP_TEST_CLOCK_MS) ?? 0);
}

globalThis.Date = class extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(readClock());
    else super(...values);
  }

  static now() {
    return readClock();
  }
};
