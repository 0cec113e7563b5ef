#!/usr/bin/env python3
"""The public headers keep their own rules, and the rules can tell a bad header from a good one.

usage: headers_test.py INCLUDE_FOLDER
"""
import pathlib
import sys
import unittest

import header_model
import rules

FOLDER = pathlib.Path(sys.argv.pop(1)) / "ecoauth"

GOOD = """/* x */
#ifndef ECOAUTH_SAMPLE_H
#define ECOAUTH_SAMPLE_H
ECOAUTH_BEGIN_DECLS
/** A thing. */
typedef struct ecoauth_thing ecoauth_thing;
/** **Called** now. **May call** nothing. */
typedef void (*ecoauth_finalizer_fn)(void *user_data);
/** Does it. **Blocking** No. **Threads** Any. **Ownership** Borrows. **Errors** None. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_thing_do(ecoauth_thing *thing, const char *what, ecoauth_error **error);
ECOAUTH_END_DECLS
#endif
"""
ERROR = "typedef struct ecoauth_error ecoauth_error;\n"


def parse(text):
    class Source:
        name = "sample.h"

        @staticmethod
        def read_text(encoding):
            return text
    return {"sample.h": header_model.parse_header(Source())}


def sample(old="", new=""):
    text = GOOD.replace("/** A thing. */", "/** A thing. */\n" + ERROR)
    assert old in text
    return parse(text.replace(old, new))


class PublicHeaders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.headers = header_model.parse_folder(FOLDER)

    def test_enough_was_read(self):
        # A parser that overlooks declarations would make everything below pass.
        exported = sum(path.read_text().count("\nECOAUTH_EXPORT ") for path in FOLDER.glob("*.h"))
        self.assertEqual(len(header_model.all_functions(self.headers)), exported)
        self.assertGreater(exported, 100)

    def test_plain_types_only(self):
        self.assertEqual(rules.type_complaints(self.headers), [])

    def test_parameter_order(self):
        self.assertEqual(rules.order_complaints(self.headers), [])

    def test_names(self):
        self.assertEqual(rules.name_complaints(self.headers), [])

    def test_comments_answer_the_questions(self):
        self.assertEqual(rules.comment_complaints(self.headers), [])

    def test_text(self):
        self.assertEqual(rules.text_complaints(FOLDER), [])

    def test_feature_names_are_documented(self):
        comment = next(f for f in header_model.all_functions(self.headers) if f.name == "ecoauth_has_feature").comment
        for feature in ("pin", "code", "utility", "import", "accounts", "sealing", "file-store", "callback-store", "proxy",
                        "self-contained"):
            self.assertIn(f'"{feature}"', comment)


class RulesCanFail(unittest.TestCase):
    def test_a_good_header_passes(self):
        headers = sample()
        for check in (rules.type_complaints, rules.order_complaints, rules.name_complaints, rules.comment_complaints):
            self.assertEqual(check(headers), [], check.__name__)

    def test_forbidden_types(self):
        for bad in ("bool what", "long what", "enum e what", "unsigned int what", "ecoauth_thing what", "double what",
                    "struct s *what", "char **what", "int what", "uint8_t *what"):
            self.assertTrue(rules.type_complaints(sample("const char *what", bad)), bad)
        self.assertTrue(rules.type_complaints(sample("int32_t ecoauth_thing_do", "char *ecoauth_thing_do")))

    def test_varargs_and_struct_bodies(self):
        with self.assertRaises(ValueError):
            sample("const char *what, ", "..., ")
        with self.assertRaises(ValueError):
            sample("typedef struct ecoauth_thing ecoauth_thing;", "typedef struct { int x; } ecoauth_thing;")
        with self.assertRaises(ValueError):
            sample("ECOAUTH_EXPORT int32_t", "int32_t")

    def test_missing_comment_parts(self):
        for word in ("**Blocking**", "**Threads**", "**Ownership**", "**Errors**", "**Since**", "**Called**"):
            self.assertTrue(rules.comment_complaints(sample(word, "")), word)
        self.assertTrue(rules.comment_complaints(sample("**Since** 0.1", "**Since** soon")))
        self.assertTrue(rules.comment_complaints(sample("**Blocking** No. **Threads** Any.", "**Threads** Any. **Blocking** No.")))

    def test_order_and_names(self):
        self.assertTrue(rules.order_complaints(sample("const char *what, ecoauth_error **error",
                                                      "ecoauth_error **error, const char *what")))
        self.assertTrue(rules.order_complaints(sample("const char *what", "void *user_data")))
        self.assertTrue(rules.order_complaints(sample("(void *user_data)", "(const char *text)")))
        self.assertTrue(rules.order_complaints(sample("ecoauth_thing_do", "ecoauth_thing_do_start")))
        self.assertTrue(rules.name_complaints(sample("ecoauth_thing_do", "thing_do")))
        self.assertTrue(rules.name_complaints(sample("ECOAUTH_SAMPLE_H\nECO", "OTHER_H\nECO")))


if __name__ == "__main__":
    unittest.main()
