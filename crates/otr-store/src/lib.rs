//! Identity keys, known fingerprints and instance tags in the files of libotr.
