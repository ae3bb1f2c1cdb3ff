import Files

extension ChoiceCarrier {
    /// Copies the small pictures of a picture that is kept, as far as it has any: whoever shows it decodes nothing.
    func keepPreviews(of picture: Choice.Picture, as name: String) throws {
        let origin = picture.variant.map(KeptPreview.number) ?? KeptPreview.stem(of: picture.file)
        for size in KeptPreview.Size.allCases {
            let small = Array(KeptPreview.name(size, origin).utf8)
            do { _ = try copy(small, as: Array(KeptPreview.name(size, of: name).utf8)) } catch is SpoolError {}
        }
    }
}

/// The names of the small pictures beside a picture that was kept.
package enum KeptPreview {
    package enum Size: String, CaseIterable, Sendable { case preview, thumbnail }

    /// The name of a kept picture's small one.
    package static func name(_ size: Size, of file: String) -> String { name(size, stem(of: file)) }

    static func name(_ size: Size, _ stem: String) -> String { ".\(size)-\(stem).jpg" }

    /// A variant's number in the names of its small pictures.
    static func number(_ variant: Int) -> String { variant < 10 ? "0\(variant)" : "\(variant)" }

    static func stem(of file: String) -> String { String(file.prefix { $0 != "." }) }
}
