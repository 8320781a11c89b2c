// Walks a document with simdjson's on-demand parser and lays its values out as a flat list. The
// parser is lazy about validation, so everything is visited and checked here.

#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include "CSimdjson.h"

#include <simdjson.h>

#include <limits>
#include <new>
#include <string_view>
#include <vector>

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

static_assert(simdjson::SIMDJSON_PADDING <= sitewatt_json_padding, "the padding is too small");

struct sitewatt_json_parser {
  ondemand::parser parser;
  std::vector<sitewatt_json_node> nodes;
};

namespace {

using status = sitewatt_json_status;

status translated(error_code error) {
  switch (error) {
    case simdjson::SUCCESS: return sitewatt_json_ok;
    case simdjson::EMPTY: return sitewatt_json_empty;
    case simdjson::UTF8_ERROR: return sitewatt_json_not_utf8;
    case simdjson::STRING_ERROR:
    case simdjson::UNESCAPED_CHARS: return sitewatt_json_bad_string;
    case simdjson::NUMBER_ERROR:
    case simdjson::NUMBER_OUT_OF_RANGE: return sitewatt_json_bad_number;
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR: return sitewatt_json_bad_literal;
    case simdjson::UNCLOSED_STRING:
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return sitewatt_json_unfinished;
    case simdjson::TRAILING_CONTENT: return sitewatt_json_trailing_content;
    case simdjson::DEPTH_ERROR: return sitewatt_json_too_deep;
    case simdjson::CAPACITY: return sitewatt_json_too_large;
    case simdjson::MEMALLOC: return sitewatt_json_out_of_memory;
    default: return sitewatt_json_bad_structure;
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Length of the number that `token` begins with, by the grammar of RFC 8259; 0 when there is none
/// or when anything but white space follows it.
size_t number_length(std::string_view token) {
  size_t at = 0;
  auto digits = [&] {
    size_t start = at;
    while (at < token.size() && is_digit(token[at])) at++;
    return at - start;
  };
  if (at < token.size() && token[at] == '-') at++;
  bool leads_with_zero = at < token.size() && token[at] == '0';
  size_t whole = digits();
  if (whole == 0 || (leads_with_zero && whole > 1)) return 0;
  if (at < token.size() && token[at] == '.') {
    at++;
    if (digits() == 0) return 0;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    at++;
    if (at < token.size() && (token[at] == '+' || token[at] == '-')) at++;
    if (digits() == 0) return 0;
  }
  for (size_t rest = at; rest < token.size(); rest++) {
    char c = token[rest];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return 0;
  }
  return at;
}

struct walker {
  std::vector<sitewatt_json_node> &nodes;

  status add(std::string_view key, uint8_t kind, std::string_view text = {}) {
    if (nodes.size() >= sitewatt_json_node_limit) return sitewatt_json_too_many_nodes;
    sitewatt_json_node node;
    node.key = reinterpret_cast<const uint8_t *>(key.data());
    node.text = reinterpret_cast<const uint8_t *>(text.data());
    node.key_length = static_cast<uint32_t>(key.size());
    node.text_length = static_cast<uint32_t>(text.size());
    node.next = static_cast<uint32_t>(nodes.size() + 1);
    node.kind = kind;
    nodes.push_back(node);
    return sitewatt_json_ok;
  }

  status object(ondemand::object object, std::string_view key, int depth) {
    if (depth > sitewatt_json_depth_limit) return sitewatt_json_too_deep;
    size_t self = nodes.size();
    if (status s = add(key, sitewatt_json_object)) return s;
    for (auto result : object) {
      ondemand::field field;
      if (error_code e = std::move(result).get(field)) return translated(e);
      std::string_view name;
      if (error_code e = field.unescaped_key().get(name)) return translated(e);
      if (status s = value(field.value(), name, depth)) return s;
    }
    nodes[self].next = static_cast<uint32_t>(nodes.size());
    return sitewatt_json_ok;
  }

  status array(ondemand::array array, std::string_view key, int depth) {
    if (depth > sitewatt_json_depth_limit) return sitewatt_json_too_deep;
    size_t self = nodes.size();
    if (status s = add(key, sitewatt_json_array)) return s;
    for (auto result : array) {
      ondemand::value element;
      if (error_code e = std::move(result).get(element)) return translated(e);
      if (status s = value(element, {}, depth)) return s;
    }
    nodes[self].next = static_cast<uint32_t>(nodes.size());
    return sitewatt_json_ok;
  }

  /// What is wrong where no value begins.
  status no_value(ondemand::value &value) {
    const char *place = nullptr;
    if (value.current_location().get(place)) return sitewatt_json_bad_structure;
    bool is_mark = *place == ',' || *place == ':' || *place == ']' || *place == '}';
    return is_mark ? sitewatt_json_bad_structure : sitewatt_json_bad_literal;
  }

  status value(ondemand::value value, std::string_view key, int depth) {
    ondemand::json_type type;
    if (value.type().get(type)) return no_value(value);
    switch (type) {
      case ondemand::json_type::object: {
        ondemand::object child;
        if (error_code e = value.get_object().get(child)) return translated(e);
        return object(child, key, depth + 1);
      }
      case ondemand::json_type::array: {
        ondemand::array child;
        if (error_code e = value.get_array().get(child)) return translated(e);
        return array(child, key, depth + 1);
      }
      case ondemand::json_type::string: {
        std::string_view text;
        if (error_code e = value.get_string().get(text)) return translated(e);
        return add(key, sitewatt_json_string, text);
      }
      case ondemand::json_type::number: {
        std::string_view token = value.raw_json_token();
        size_t length = number_length(token);
        if (length == 0) return sitewatt_json_bad_number;
        return add(key, sitewatt_json_number, token.substr(0, length));
      }
      case ondemand::json_type::boolean: {
        bool truth;
        if (value.get_bool().get(truth)) return sitewatt_json_bad_literal;
        return add(key, truth ? sitewatt_json_true : sitewatt_json_false);
      }
      case ondemand::json_type::null: {
        bool null;
        if (value.is_null().get(null) || !null) return sitewatt_json_bad_literal;
        return add(key, sitewatt_json_null);
      }
    }
    return sitewatt_json_bad_structure;
  }

  status document(ondemand::document &document) {
    ondemand::json_type type;
    if (document.type().get(type)) return sitewatt_json_bad_literal;
    status s = sitewatt_json_not_a_container;
    if (type == ondemand::json_type::object) {
      ondemand::object root;
      if (error_code e = document.get_object().get(root)) return translated(e);
      s = object(root, {}, 1);
    } else if (type == ondemand::json_type::array) {
      ondemand::array root;
      if (error_code e = document.get_array().get(root)) return translated(e);
      s = array(root, {}, 1);
    }
    if (s) return s;
    const char *after = nullptr;
    bool at_end = document.current_location().get(after) == simdjson::OUT_OF_BOUNDS;
    return at_end ? sitewatt_json_ok : sitewatt_json_trailing_content;
  }
};

}  // namespace

extern "C" sitewatt_json_parser *sitewatt_json_create(void) {
  return new (std::nothrow) sitewatt_json_parser;
}

extern "C" void sitewatt_json_destroy(sitewatt_json_parser *parser) { delete parser; }

extern "C" sitewatt_json_status sitewatt_json_parse(
    sitewatt_json_parser *parser, const uint8_t *bytes, size_t length,
    const sitewatt_json_node **nodes, uint32_t *count) {
  *nodes = nullptr;
  *count = 0;
  if (length > std::numeric_limits<uint32_t>::max() - sitewatt_json_padding) {
    return sitewatt_json_too_large;
  }
  try {
    parser->nodes.clear();
    // The byte order mark of UTF-8 says nothing that is not known.
    if (length >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF) {
      bytes += 3;
      length -= 3;
    }
    ondemand::document document;
    error_code error =
        parser->parser.iterate(reinterpret_cast<const char *>(bytes), length,
                               length + sitewatt_json_padding).get(document);
    if (error) return translated(error);
    status s = walker{parser->nodes}.document(document);
    if (s) return s;
    *nodes = parser->nodes.data();
    *count = static_cast<uint32_t>(parser->nodes.size());
    return sitewatt_json_ok;
  } catch (const std::bad_alloc &) {
    return sitewatt_json_out_of_memory;
  } catch (...) {
    return sitewatt_json_bad_structure;
  }
}
