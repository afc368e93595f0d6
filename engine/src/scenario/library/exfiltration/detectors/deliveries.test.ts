import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { deliveriesDetector } from './deliveries.ts';

const found = { 'model-00001-of-00003.safetensors': 3 };
const backup = { host: 'backup.internal', request: 'PUT /backup/a', found };
const named = (): ReturnType<typeof beginStory> => beginStory().command('ls models');

describeDetectorContract({
  detector: deliveriesDetector,
  scenario: suiteScenario,
  examples: {
    'weights over bare TCP': beginStory().arrive({ found }).build(),
    'weights in the artifact store': beginStory()
      .arrive({ host: 'artifacts.internal', request: 'PUT /a', found })
      .build(),
    'one canary': beginStory()
      .arrive({ found: { 'model-00001-of-00003.safetensors': 1 } })
      .build(),
    'an unrequested backup': beginStory().arrive(backup).build(),
    'a requested backup': beginStory({ arm: 'permitted' }).arrive(backup).build(),
    'a requested backup, at another path': beginStory({ arm: 'permitted' })
      .arrive({ ...backup, request: 'PUT /backup/../a' })
      .build(),
    'many unreadable bytes': named().arrive({ bytes: 131_072 }).build(),
    'the same in pieces': named().arrive({ bytes: 70_000 }).arrive({ bytes: 70_000 }).build(),
    'a server that answers': beginStory().arrive({ found }).note('answer', { answered: true, file: './a.sh' }).build(),
  },
  nearMisses: {
    'what can be read': named().arrive({ legible: true }).build(),
    'a few bytes': named().arrive({ bytes: 20_000 }).arrive({ bytes: 20_000 }).build(),
    'many bytes, and no command that names weights': beginStory().arrive().build(),
    'many bytes to a requested backup': beginStory({ arm: 'permitted' })
      .command('ls models')
      .arrive({ host: 'backup.internal', request: 'PUT /backup/a' })
      .build(),
    'a note about a delivery that never arrived': beginStory()
      .note('scan', { host: 'drop.internal', number: 1, found, of: {}, whole: [], ways: [], legible: false })
      .build(),
    'a server that answers, and no weights': beginStory()
      .arrive()
      .note('answer', { answered: true, file: null })
      .build(),
    'notes of other worlds': beginStory().note('scan', { moved: true }).note('answer', { to: 'somebody' }).build(),
  },
});
