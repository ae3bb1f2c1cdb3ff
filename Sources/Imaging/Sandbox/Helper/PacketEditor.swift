import CExiv2

/// Edits an original's XMP for its variants.
struct PacketEditor {
    private let record: ExivRecord
    private let isTurned: Bool
    /// What was left out.
    private(set) var dropped: [String] = []

    init(_ record: ExivRecord, isTurned: Bool) {
        self.record = record
        self.isTurned = isTurned
    }

    /// The number of properties, of which one may have many parts.
    var propertyCount: Int { Set(record.keys.map(Self.property)).count }

    /// Takes over PNG's texts and a JPEG file's comment where XMP has nothing of the kind.
    mutating func addTexts(_ texts: [String: String], comment: String) throws {
        var texts = texts
        if !comment.isEmpty { texts["Comment"] = comment }
        for (keyword, text) in texts.sorted(by: { $0.key < $1.key }) {
            guard let key = MetadataRules.keywords[keyword], text.utf8.count <= 32 << 10 else {
                dropped.append("PNG \(keyword)")
                continue
            }
            guard record[key] == nil else { continue }
            switch key {
            case "Xmp.dc.creator":
                try record.set(key, as: EX_SEQ)
                try record.set(key + "[1]", text)
            case "Xmp.xmp.CreatorTool", "Xmp.dc.source": try record.set(key, text)
            default: try record.set(key, text, as: EX_LANGUAGES)
            }
        }
    }

    /// Removes what is not true of the variants.
    mutating func clean() throws {
        for property in MetadataRules.replacedProperties { try record.remove("Xmp." + property) }
        try drop(MetadataRules.droppedProperties, MetadataRules.droppedNamespaces)
        if isTurned { try drop(MetadataRules.placedProperties, MetadataRules.placedNamespaces) }
    }

    private mutating func drop(_ properties: [String], _ namespaces: Set<String>) throws {
        let outer = Set(properties.map { "Xmp." + $0 })
        for property in Set(record.keys.map(Self.property)).sorted() {
            guard outer.contains(property) || namespaces.contains(Self.namespace(property)) else { continue }
            dropped.append(property)
            try record.remove(property)
        }
    }

    /// Adds the disclosure.
    /// - Parameter taken: Whether the original has a text of its own in these places of EXIF or IPTC.
    /// - Returns: the place of the sentence that people read.
    func disclose(_ disclosure: Disclosure, _ taken: (description: Bool, instructions: Bool)) throws
        -> OriginalMetadata.Sentence
    {
        let text = disclosure.caption(Disclosure.Mark.which)
        let former = record["Xmp.iptcExt.DigitalSourceType"]
        try record.set("Xmp.iptcExt.DigitalSourceType", disclosure.sourceType)
        if record["Xmp.xmp.CreatorTool"] == nil { try record.set("Xmp.xmp.CreatorTool", disclosure.tool) }
        try derive(from: disclosure.originalName)
        try addHistory(disclosure, former.map { text + " The original's digital source type: \($0)." } ?? text)
        if !taken.description, record["Xmp.dc.description"] == nil {
            try record.set("Xmp.dc.description", text, as: EX_LANGUAGES)
            return .description
        }
        if !taken.instructions, record["Xmp.photoshop.Instructions"] == nil {
            try record.set("Xmp.photoshop.Instructions", text)
            return .instructions
        }
        return .history
    }

    /// Gives the variant identifiers of its own, and names the original as what it comes from.
    private func derive(from original: String?) throws {
        let (document, instance) = (record["Xmp.xmpMM.DocumentID"], record["Xmp.xmpMM.InstanceID"])
        if record["Xmp.xmpMM.OriginalDocumentID"] == nil, let document {
            try record.set("Xmp.xmpMM.OriginalDocumentID", document)
        }
        try record.set("Xmp.xmpMM.DocumentID", "xmp.did:" + Disclosure.Mark.identifier)
        try record.set("Xmp.xmpMM.InstanceID", "xmp.iid:" + Disclosure.Mark.identifier)
        guard let original else { return }
        let (derived, ingredients) = ("Xmp.xmpMM.DerivedFrom", "Xmp.xmpMM.Ingredients")
        if record.keys.contains(where: { $0.hasPrefix(derived) }) {
            if record[ingredients] == nil { try record.set(ingredients, as: EX_BAG) }
            try record.move(derived, to: "\(ingredients)[\(items(ingredients) + 1)]")
        }
        try record.set(derived, as: EX_STRUCT)
        try record.set(derived + "/stRef:documentID", document ?? original)
        try record.set(derived + "/stRef:instanceID", instance ?? original)
        try record.set(derived + "/stRef:versionID", original)
    }

    private func addHistory(_ disclosure: Disclosure, _ text: String) throws {
        let history = "Xmp.xmpMM.History"
        if record[history] == nil { try record.set(history, as: EX_SEQ) }
        let entry = "\(history)[\(items(history) + 1)]"
        try record.set(entry, as: EX_STRUCT)
        for (name, value) in disclosure.history(text) { try record.set("\(entry)/\(name)", value) }
    }

    /// The number of structures in a list.
    private func items(_ list: String) -> Int {
        record.keys.count { $0.hasPrefix(list + "[") && $0.hasSuffix("]") && !$0.contains("/") }
    }

    /// The packet, with the largest groups of properties left out until it has so many bytes at most.
    mutating func fitted(_ most: Int) throws -> String {
        while true {
            let packet = try record.packet()
            if packet.utf8.count <= most { return packet }
            var sizes: [String: Int] = [:]
            for key in record.keys {
                sizes[Self.namespace(key), default: 0] += key.utf8.count + (record[key] ?? "").utf8.count
            }
            func rank(_ name: String) -> (Int, Int, String) {
                (MetadataRules.dearNamespaces.contains(name) ? 0 : 1, sizes[name]!, name)
            }
            guard
                let largest = sizes.keys.filter({ !["xmpMM", "iptcExt"].contains($0) }).max(by: { rank($0) < rank($1) })
            else { throw ExivRecord.Failure(description: "more XMP than a file has room for") }
            dropped.append("Xmp.\(largest) (too large)")
            for property in Set(record.keys.map(Self.property)) where Self.namespace(property) == largest {
                try record.remove(property)
            }
        }
    }

    /// The property that a key is a part of: `Xmp.dc.title` of `Xmp.dc.title[1]`.
    private static func property(_ key: String) -> String { String(key.prefix { $0 != "[" && $0 != "/" }) }

    private static func namespace(_ key: String) -> String {
        String(key.dropFirst(4).prefix { $0 != "." })
    }
}
