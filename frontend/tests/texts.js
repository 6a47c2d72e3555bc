// Finds what people read in the sources of the pages: texts of the catalogue, and texts that are outside of it.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

import ts from "typescript";

const ROOT = join(import.meta.dirname, "../src");
/** Attributes that people read, or hear. */
const READ = new Set(
  "title label hint lead caption submit busy placeholder alt description explanation aria-label aria-description text from to start end startName before empty".split(" "),
);
/** Calls whose texts are names for programs: keys, events, addresses, classes. */
const NAMING = new Set(
  "useResource usePages useLatest addEventListener removeEventListener querySelector querySelectorAll closest Error set get has matchMedia signal request upload listen Headers setRequestHeader NumberFormat Map".split(" "),
);
const isCode = (text) => /^\[|^translate\(|^UTC/.test(text);
const isPhrase = (text) => /[A-Za-z]{2,}[^A-Za-z/?&=_."-]*\s[^/]*[A-Za-z]|^[A-Z][a-z]+[^A-Za-z]*$/.test(text);
const isPhraseOf = (node, text) =>
  isPhrase(text) || (ts.isTemplateExpression(node) && /(^|[\s(“])[A-Za-z]{3,}([\s,:;)]|\.$)/.test(text) && !text.includes("/"));
const hasWord = (text) => /[A-Za-z]{2,}/.test(text);

/** Every source of the pages with its syntax tree. */
export function sources() {
  return readdirSync(ROOT, { recursive: true })
    .filter((name) => /\.tsx?$/.test(name) && !/^api[/\\](schema|operations|types)\.ts$|\.d\.ts$|^messages\.ts$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(join(ROOT, name), "utf8");
      const kind = name.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
      return { name: relative(ROOT, join(ROOT, name)), tree: ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, kind) };
    });
}

const nameOf = (call) => (ts.isPropertyAccessExpression(call.expression) ? call.expression.name.text : call.expression.getText());

/** The message of a call of the catalogue, else null. */
export function messageOf(node) {
  if (!ts.isCallExpression(node) || !["t", "tx"].includes(node.expression.getText())) return null;
  const [first] = node.arguments;
  return first && ts.isStringLiteralLike(first) ? first.text : null;
}

/** The messages that a count is said with: "{0} row" and "{0} rows". */
function countedOf(node) {
  if (!ts.isCallExpression(node) || node.expression.getText() !== "plural") return [];
  const [, noun, nouns] = node.arguments;
  if (!noun || !ts.isStringLiteralLike(noun)) return [];
  return [`{0} ${noun.text}`, `{0} ${nouns && ts.isStringLiteralLike(nouns) ? nouns.text : `${noun.text}s`}`];
}

/** The fixed words of a text with values in it. */
export function wordsOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  return node.head.text + node.templateSpans.map((span) => ` 0 ${span.literal.text}`).join("");
}

/** Whether a literal is a name for programs where it stands. */
function isName(node) {
  let child = node;
  let isPart = false;
  for (let parent = node.parent; parent; child = parent, parent = parent.parent) {
    if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) {
      if (parent.expression === child) return true;
      if (["t", "tx"].includes(parent.expression.getText())) return parent.arguments[0] === child;
      return NAMING.has(nameOf(parent)) && parent.arguments[0] === child;
    }
    if (ts.isJsxAttribute(parent)) return !isPart && !READ.has(parent.name.getText());
    isPart ||= ts.isArrayLiteralExpression(parent) || ts.isObjectLiteralExpression(parent);
    if (ts.isBinaryExpression(parent) && /^[=!]==?$/.test(parent.operatorToken.getText())) return true;
    if (ts.isElementAccessExpression(parent) || ts.isCaseClause(parent) || ts.isTypeNode(parent)) return true;
    if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return true;
    if (ts.isPropertyAssignment(parent) && parent.name === child) return true;
    if (ts.isTaggedTemplateExpression(parent)) return true;
    if (ts.isArrowFunction(parent) || ts.isBlock(parent) || ts.isJsxExpression(parent) && !ts.isJsxAttribute(parent.parent)) return false;
  }
  return false;
}

/** Whether a literal of code is read by people. */
export function isRead(node) {
  const isLiteral = ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node);
  if (!isLiteral || (ts.isStringLiteral(node) && ts.isJsxAttribute(node.parent) && !READ.has(node.parent.name.getText()))) return false;
  const text = wordsOf(node);
  const inAttribute = ts.isJsxAttribute(node.parent) || (ts.isJsxExpression(node.parent) && ts.isJsxAttribute(node.parent.parent));
  return (inAttribute ? hasWord(text) && /[A-Z\s]/.test(text) : isPhraseOf(node, text)) && !isCode(text) && !isName(node);
}

/** The states that badges show, as they are said. */
function statesOf(node) {
  if (!ts.isVariableDeclaration(node) || node.name.getText() !== "TONES" || !node.initializer) return [];
  return node.initializer.properties.map((one) => one.name.getText().replaceAll("_", " "));
}

/** Whether the children of an element have words that stand there as they are. */
export function hasLooseText(node) {
  return (ts.isJsxElement(node) || ts.isJsxFragment(node)) && node.children.some((child) => ts.isJsxText(child) && hasWord(child.text));
}

let found;

/** All messages with the files that say them, and all texts that no catalogue knows. */
export function readTexts() {
  return (found ??= readSources());
}

function readSources() {
  const messages = new Map();
  const loose = [];
  for (const { name, tree } of sources()) {
    const visit = (node) => {
      const message = messageOf(node);
      for (const one of [...(message === null ? [] : [message]), ...countedOf(node), ...statesOf(node)])
        messages.set(one, new Set([...(messages.get(one) ?? []), name.replaceAll("\\", "/")]));
      if (hasLooseText(node) || isRead(node))
        loose.push(`${name}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${node.getText().slice(0, 80)}`);
      ts.forEachChild(node, visit);
    };
    visit(tree);
  }
  return { messages, loose };
}

/** The catalogue as a file for translators: every text with the files that say it. */
export function catalogue() {
  const entries = [...readTexts().messages].sort(([one], [other]) => (one < other ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(entries.map(([text, files]) => [text, [...files].join(" ")])), null, 1)}\n`;
}
