#pragma once
// A C face of simdjson's on-demand parser: one JSON document becomes a flat list of nodes.
// Every byte of the document is validated; numbers stay text, so that no figure passes through a
// binary fraction.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes after the end of the input that must be readable; their content does not matter.
enum { sitewatt_json_padding = 64 };
/// Deepest nesting of objects and arrays that is read.
enum { sitewatt_json_depth_limit = 32 };
/// Most values (objects, arrays and scalars) that one document may hold.
enum { sitewatt_json_node_limit = 65536 };

/// What a node is.
enum {
  sitewatt_json_object = 0,
  sitewatt_json_array = 1,
  sitewatt_json_string = 2,
  sitewatt_json_number = 3,
  sitewatt_json_true = 4,
  sitewatt_json_false = 5,
  sitewatt_json_null = 6,
};

/// Why a document was not read.
typedef enum {
  sitewatt_json_ok = 0,
  sitewatt_json_empty,
  sitewatt_json_not_utf8,
  sitewatt_json_bad_string,
  sitewatt_json_bad_number,
  sitewatt_json_bad_literal,
  sitewatt_json_bad_structure,
  sitewatt_json_unfinished,
  sitewatt_json_trailing_content,
  sitewatt_json_not_a_container,
  sitewatt_json_too_deep,
  sitewatt_json_too_many_nodes,
  sitewatt_json_too_large,
  sitewatt_json_out_of_memory,
} sitewatt_json_status;

/// One value, in document order. Pointers are valid until the next parse and, for numbers, as long
/// as the input is. Keys and strings are unescaped; the text of a number is as written.
typedef struct {
  const uint8_t *_Nullable key;
  const uint8_t *_Nullable text;
  uint32_t key_length;
  uint32_t text_length;
  /// Position of the first node after this one and all that it contains.
  uint32_t next;
  uint8_t kind;
} sitewatt_json_node;

typedef struct sitewatt_json_parser sitewatt_json_parser;

/// A parser that keeps its memory between documents; NULL when there is no memory.
sitewatt_json_parser *_Nullable sitewatt_json_create(void);

/// Gives all memory back.
void sitewatt_json_destroy(sitewatt_json_parser *_Nullable parser);

/// Reads one document: an object or an array, and nothing after it. On success `*nodes` and
/// `*count` describe it, the root first.
sitewatt_json_status sitewatt_json_parse(
    sitewatt_json_parser *_Nonnull parser, const uint8_t *_Nonnull bytes, size_t length,
    const sitewatt_json_node *_Nullable *_Nonnull nodes, uint32_t *_Nonnull count);

#ifdef __cplusplus
}
#endif
