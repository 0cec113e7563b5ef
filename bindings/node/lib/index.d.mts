export * from './index.cjs';
import * as ecoauth from './index.cjs';
export default ecoauth;
