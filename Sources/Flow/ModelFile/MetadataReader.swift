/// A model file's metadata, read with errors that name file and key.
struct MetadataReader: Sendable {
    let path: String
    let values: [String: String]

    /// The value of a key that must be there, as `parse` understands it.
    func value<T>(_ key: String, _ parse: (String) -> T?) throws(ModelError) -> T {
        guard let text = values[key] else { throw .missingMetadata(path: path, key: key) }
        guard let value = parse(text) else { throw bad(key, text) }
        return value
    }

    func bad(_ key: String, _ value: String) -> ModelError {
        .badMetadata(path: path, key: key, value: value.count > 80 ? value.prefix(80) + "…" : value)
    }
}
