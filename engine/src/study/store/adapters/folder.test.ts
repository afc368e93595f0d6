import { createTemporaryFolder } from '../../../record/testing.ts';
import { describeTrialStoreContract } from '../contract-suite.ts';
import { openFolder } from './folder.ts';

describeTrialStoreContract('folder', () => {
  const folder = createTemporaryFolder();
  return { open: () => openFolder(folder.file('logs')), [Symbol.dispose]: () => folder[Symbol.dispose]() };
});
