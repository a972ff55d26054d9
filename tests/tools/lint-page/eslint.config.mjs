// ESLint's recommended rules; what is undefined or of the wrong type, the type checker finds.
import js from "@eslint/js";

const page = "src/convnets/pipelines/playground/page/**/*.js";

export default [
  { files: [page], ...js.configs.recommended },
  {
    files: [page],
    rules: {
      eqeqeq: "error",
      "no-implied-eval": "error",
      "no-undef": "off",
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
];
