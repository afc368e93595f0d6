import { describeProductContract, installPackage } from '../contract-suite.ts';
import { describeRealProduct } from '../real-product-suite.ts';
import { offered } from '../testing.ts';
import { pi } from './pi.ts';

describeProductContract({
  product: pi,
  installIn: (folder) =>
    installPackage(folder, 'pi', ['@earendil-works/pi-coding-agent', '1.6.0', 'dist/bundle/cli.js']),
  version: '1.6.0',
  tools: [offered('bash', { command: 'string', timeout: 'number' }, ['command'])],
});

await describeRealProduct(pi, 'pi');
