/**
 * Checks the examples in the docstrings: every public function and class has one, all of them compile, and what a `// =>` behind a line of pure
 * code promises is what `console.log` shows. Another root than ours, for its own test, runs its examples in our package.
 */

import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import ts from "typescript";
import { files, ROOT } from "./bootstrap.mjs";

/** What an example may use without saying where it comes from. */
const GIVEN = `
declare const node: import("beamctl").BeamNode;
declare const shop: import("beamctl/testing").NodeFixture;
declare const cluster: import("beamctl/testing").FaultCluster;
declare const context: import("beamctl/instructions").InstructionContext;
`;
const root = process.argv[2] ?? ROOT;
const GIVEN_FILE = join(root, "src/examples-given.d.ts");

const { entryPoints } = JSON.parse(readFileSync(join(root, "typedoc.json"), "utf8"));
const entries = entryPoints.map((path) => join(root, path));
const examples = files(join(root, "src"))
  .filter((file) => file.endsWith(".ts"))
  .flatMap(examplesOf);
const program = compile();
const checker = program.getTypeChecker();
const wrong = [...new Set(entries.flatMap(withoutExample)), ...examples.flatMap(typeErrors)];
const pure = examples.filter((example) => typeErrors(example).length === 0 && isPure(example));
for (const example of pure) wrong.push(...(await run(example)));
for (const line of wrong) console.error(line);
console.log(`${examples.length} examples, of which ${pure.length} were run`);
process.exitCode = wrong.length > 0 ? 1 : 0;

/** The code under each `@example` of a file, in modules that the compiler sees; without a fence all of it is code. */
function examplesOf(file) {
  const text = readFileSync(file, "utf8");
  const found = [];
  for (const { 0: comment, index } of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const before = text.slice(0, index).split("\n").length - 1;
    const lines = comment.split("\n").map((line) => line.replace(/^\s*\*(\/| ?)/, ""));
    let [inExample, inFence, first] = [false, false, undefined];
    const end = (at) => {
      const code = first === undefined ? "" : lines.slice(first, at).join("\n");
      // As far down as it stands in the file, so that an error names its line there.
      const module = `${"\n".repeat(before + (first ?? 0))}${code}\nexport {};\n`;
      const name = `${file.slice(0, -3)}.example-${found.length}.ts`;
      if (code.trim() !== "") found.push({ file, name, module });
      first = undefined;
    };
    for (const [at, line] of lines.entries()) {
      if (line.startsWith("```")) {
        if (inFence) end(at);
        inFence = !inFence;
        if (inFence && inExample) first = at + 1;
      } else if (line.startsWith("@") && !inFence) {
        end(at);
        inExample = line.startsWith("@example");
        if (inExample) first = at + 1;
      }
    }
    end(lines.length);
  }
  return found;
}

/** The entry points and the examples, where `beamctl` means the sources. */
function compile() {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: entries }, ts.sys, root);
  Object.assign(options, { noUnusedLocals: false, noUnusedParameters: false });
  const src = join(root, "src");
  options.paths = { beamctl: [`${src}/index.ts`], "beamctl/*": [`${src}/*/index.ts`] };
  const made = new Map(examples.map(({ name, module }) => [name, module])).set(GIVEN_FILE, GIVEN);
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (path) => made.get(path) ?? readFile.call(host, path);
  host.fileExists = (path) => made.has(path) || fileExists.call(host, path);
  return ts.createProgram([...entries, ...made.keys()], options, host);
}

/** The functions and classes of an entry point that have no example. Errors are caught, not called, and have none. */
function withoutExample(entry) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry));
  return checker.getExportsOfModule(module).flatMap((symbol) => {
    if (symbol.declarations?.some(ts.isTypeOnlyImportOrExportDeclaration)) return [];
    const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const declaration = real.valueDeclaration;
    if (declaration === undefined || !isCalled(real, declaration)) return [];
    const tags = real.declarations.flatMap((each) => ts.getJSDocTags(each));
    if (tags.some(({ tagName }) => tagName.text === "example")) return [];
    return [`${place(declaration)} ${symbol.name} has no example`];
  });
}

function isCalled(symbol, declaration) {
  if (!ts.isClassDeclaration(declaration)) {
    return checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0;
  }
  const bases = (type) =>
    (checker.getBaseTypes(type) ?? []).flatMap((base) => [base, ...bases(base)]);
  return !bases(checker.getDeclaredTypeOfSymbol(symbol)).some(
    (base) => base.symbol.name === "Error",
  );
}

function typeErrors({ file, name }) {
  const source = program.getSourceFile(name);
  return [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ].map(({ start, messageText }) => {
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    const text = ts.flattenDiagnosticMessageText(messageText, "\n");
    return `${relative(root, file)}:${line} in the example: ${text}`;
  });
}

/** Whether it promises a result and needs no node. */
function isPure({ name, module }) {
  if (!module.includes("// =>") || /\bawait\b/.test(module)) return false;
  let uses = false;
  const look = (child) => {
    if (ts.isIdentifier(child)) {
      const declaration = checker.getSymbolAtLocation(child)?.valueDeclaration;
      if (declaration?.getSourceFile().fileName === GIVEN_FILE) uses = true;
    }
    ts.forEachChild(child, look);
  };
  look(program.getSourceFile(name));
  return !uses;
}

/** Runs a pure example against the built package, and compares what each statement gives with the `// =>` behind it. */
async function run({ file, name, module }) {
  const source = program.getSourceFile(name);
  const seen = [];
  globalThis.exampleGave = (line, value) => seen.push([line, value]);
  let code = "";
  const promised = new Map();
  for (const statement of source.statements) {
    const text = statement.getText(source);
    const [, promise] = /^[^\n]*?\/\/ => (.*)/.exec(module.slice(statement.end)) ?? [];
    const line = source.getLineAndCharacterOfPosition(statement.end).line + 1;
    if (promise !== undefined) promised.set(line, promise);
    if (promise !== undefined && ts.isExpressionStatement(statement)) {
      code += `exampleGave(${line}, ${statement.expression.getText(source)});\n`;
    } else if (promise !== undefined && ts.isVariableStatement(statement)) {
      code += `${text}\nexampleGave(${line}, ${statement.declarationList.declarations[0].name.getText(source)});\n`;
    } else code += `${text}\n`;
  }
  code = ts.transpile(code, { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 });
  code = code.replace(/from "(beamctl[^"]*)"/g, (_, path) => `from "${built(path)}"`);
  try {
    await import(`data:text/javascript,${encodeURIComponent(code)}`);
  } catch (error) {
    return [`${relative(root, name)} throws: ${String(error).split(" imported from data:")[0]}`];
  }
  return [...promised].flatMap(([line, promise]) => {
    const given = seen.find(([at]) => at === line);
    const text = given && inspect(given[1], { breakLength: Infinity, compact: 10 });
    if (text === promise) return [];
    return [`${relative(root, file)}:${line} the example gives ${text}, not ${promise}`];
  });
}

/** Where the package keeps an entry point. */
function built(path) {
  return pathToFileURL(join(ROOT, path.replace(/^beamctl\/?/, "lib/"), "index.js")).href;
}

function place(declaration) {
  const source = declaration.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(declaration.getStart());
  return `${relative(root, source.fileName)}:${line + 1}`;
}
