/** What the account's pages need to know of a person, until the API's own types say it. */

export interface Me {
  readonly user_id?: string;
  readonly display_name: string;
}

export interface MyMerchant {
  readonly merchant_id: string;
  readonly name: string;
  readonly name_en?: string;
  readonly role: string;
  readonly permissions: readonly string[];
}
