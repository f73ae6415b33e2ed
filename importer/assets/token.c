/* SPDX-License-Identifier: Apache-2.0
 * Tokens of Painless, as far as it takes to tell code from text and comments. */
#include "importer/assets/token.h"

#include <ctype.h>
#include <string.h>

#define BLANKS " \t\r\n"
#define DIGITS "0123456789"
#define FLAGS  "cilmsUux" /* of a regular expression */

/* Words that end no operand: what follows them is a regular expression, not a divisor. */
static const char *const keywords[] = {
	"if",      "in",   "while", "do",    "else", "for",        "continue", "break",  "return",
	"new",     "try",  "catch", "throw", "this", "instanceof", "true",     "false",  "null",
	"boolean", "byte", "short", "char",  "int",  "long",       "float",    "double", "def",
};

/* What is one operator when nothing stands between; longer ones consist of these. */
static const char operators[][3] = {
	"++", "--", "//", "/*", "<<", ">>", "==", "!=", "&&", "||", "?:", "?.", "::",
	"->", "=~", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=",
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static size_t token_word(const char *s)
{
	size_t n = 0;
	while (is_word(s[n]))
		n++;
	return n;
}

static bool is_keyword(const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strlen(keywords[i]) == len && strncmp(keywords[i], s, len) == 0)
			return true;
	return false;
}

/* "0x1FL", "1.5e-3f", "10L"; behind a dot (list.0) digits alone. */
static size_t number(const char *s, bool after_dot)
{
	size_t n = strspn(s, DIGITS);
	if (after_dot)
		return n;
	if (n == 1 && *s == '0' && (s[1] == 'x' || s[1] == 'X'))
		return token_word(s);
	if (s[n] == '.' && isdigit((unsigned char)s[n + 1]))
		n += 1 + strspn(s + n + 1, DIGITS);
	if (s[n] == 'e' || s[n] == 'E') {
		size_t sign = s[n + 1] == '+' || s[n + 1] == '-';
		size_t digits = strspn(s + n + 1 + sign, DIGITS);
		n += digits ? 1 + sign + digits : 0;
	}
	return n + token_word(s + n);
}

/* With its quotes; 0 when it has no end. A line end is a character like any other. */
static size_t string(const char *s)
{
	size_t n = 1;
	while (s[n] && s[n] != *s)
		n += s[n] == '\\' && s[n + 1] ? 2 : 1;
	return s[n] ? n + 1 : 0;
}

/* With its slashes and flags; 0 when this line has no second slash. A class ([/]) protects none. */
static size_t regex(const char *s)
{
	size_t n = 1;
	while (s[n] && s[n] != '\n' && s[n] != '/')
		n += s[n] == '\\' && s[n + 1] && s[n + 1] != '\n' ? 2 : 1;
	if (s[n] != '/' || n == 1)
		return 0;
	return n + 1 + strspn(s + n + 1, FLAGS);
}

/* What begins with a slash. */
static struct token slash(const struct tokens *t)
{
	const char *s = t->at;
	size_t len;
	if (s[1] == '/')
		return (struct token){ TOKEN_COMMENT, s, strcspn(s, "\r\n") };
	if (s[1] == '*') {
		const char *end = strstr(s + 2, "*/");
		return end ? (struct token){ TOKEN_COMMENT, s, (size_t)(end + 2 - s) }
			   : (struct token){ TOKEN_ENDLESS, s, strlen(s) };
	}
	if (t->after_operand)
		return (struct token){ TOKEN_SIGN, s, 1 };
	len = regex(s);
	return len ? (struct token){ TOKEN_REGEX, s, len }
		   : (struct token){ TOKEN_ENDLESS, s, strlen(s) };
}

static struct token read_token(const struct tokens *t)
{
	const char *s = t->at;
	size_t len;
	if (!*s)
		return (struct token){ TOKEN_END, s, 0 };
	len = strspn(s, BLANKS);
	if (len)
		return (struct token){ TOKEN_BLANK, s, len };
	if (*s == '/')
		return slash(t);
	if (*s == '\'' || *s == '"') {
		len = string(s);
		return len ? (struct token){ TOKEN_STRING, s, len }
			   : (struct token){ TOKEN_ENDLESS, s, strlen(s) };
	}
	if (isdigit((unsigned char)*s))
		return (struct token){ TOKEN_NUMBER, s, number(s, t->after_dot) };
	if (is_word(*s))
		return (struct token){ TOKEN_WORD, s, token_word(s) };
	return (struct token){ TOKEN_SIGN, s, 1 };
}

struct token token_next(struct tokens *t)
{
	struct token token = read_token(t);
	t->at += token.len;
	if (token.kind == TOKEN_BLANK || token.kind == TOKEN_COMMENT)
		return token;
	t->after_operand =
	    token.kind == TOKEN_NUMBER ||
	    (token.kind == TOKEN_SIGN && (*token.text == ')' || *token.text == ']')) ||
	    (token.kind == TOKEN_WORD && (t->after_dot || !is_keyword(token.text, token.len)));
	t->after_dot = token.kind == TOKEN_SIGN && *token.text == '.';
	return token;
}

bool token_apart(const struct token *before, const struct token *after)
{
	char last = before->text[before->len - 1], first = *after->text;
	if (is_word(first) && (is_word(last) || before->kind == TOKEN_REGEX))
		return true;
	if ((before->kind == TOKEN_NUMBER && first == '.') ||
	    (last == '.' && isdigit((unsigned char)first)))
		return true;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (operators[i][0] == last && operators[i][1] == first)
			return true;
	return false;
}
