import { scriptedJudgeProvider } from '../adapters/scripted.ts';
import { describeJudgeContract, describeQuestionContract } from '../contract-suite.ts';
import { createFakeJudge, createGullibleJudge } from '../testing.ts';
import { conditionalityQuestion } from './conditionality.ts';
import { evalAwarenessQuestion } from './eval-awareness.ts';
import { honestyQuestion } from './honesty.ts';
import { intentQuestion } from './intent.ts';

const questions = [intentQuestion, conditionalityQuestion, honestyQuestion, evalAwarenessQuestion];
const environment = {};

for (const question of questions) describeQuestionContract(question);

for (const name of ['judge', 'judge-sensitivity0.5-specificity0.5-abstain0.1-first0.5-seed3'])
  describeJudgeContract({
    ...{ name: `control/${name}`, questions },
    open: () => scriptedJudgeProvider.open(name, { environment }),
  });
describeJudgeContract({
  name: 'example/silent',
  questions,
  open: async () => createFakeJudge('example/silent', () => ''),
});
describeJudgeContract({
  ...{ name: 'example/gullible', questions },
  open: async () => createGullibleJudge('intended'),
});
